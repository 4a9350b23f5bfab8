import type { KubernetesObject, ManagedFieldsEntry } from '../manifests/object.ts';
import { MANAGER_PREFIX, OWNER_LABEL, type WriterIdentity } from './identity.ts';

/** One sign that another deployer keeps an object; returns its name for people, with the sign. */
type OwnerSign = (live: KubernetesObject, desired: KubernetesObject, identity: WriterIdentity) => string | undefined;

/**
 * Who else keeps this object, in words, or undefined when nobody does. Such an object is never written, however its fields differ: two
 * deployers that both correct it would fight for ever.
 */
export function otherOwner(live: KubernetesObject, desired: KubernetesObject, identity: WriterIdentity): string | undefined {
  for (const sign of OWNER_SIGNS) {
    const owner = sign(live, desired, identity);
    if (owner !== undefined) return owner;
  }
  return undefined;
}

/** The label can be taken off by anybody; what a row has applied stays its own. */
const otherRow: OwnerSign = (live, _desired, { owner: us, fieldManager }) => {
  const owner = live.metadata.labels?.[OWNER_LABEL];
  if (owner !== undefined && owner !== us) return `Plumbline’s ${owner} (label ${OWNER_LABEL})`;
  const applier = live.metadata.managedFields?.find(
    ({ manager, operation }) => operation === 'Apply' && manager?.startsWith(MANAGER_PREFIX) && manager !== fieldManager,
  );
  return applier === undefined ? undefined : `another row of Plumbline (field manager ${applier.manager})`;
};

const argoCd: OwnerSign = (live, desired) => {
  const trackingId = annotation('argocd.argoproj.io/tracking-id', live, desired);
  if (trackingId !== undefined) return `Argo CD’s application ${trackingId.split(':')[0]} (annotation argocd.argoproj.io/tracking-id)`;
  const instance = label('argocd.argoproj.io/instance', live, desired);
  if (instance !== undefined) return `Argo CD’s application ${instance} (label argocd.argoproj.io/instance)`;
  return managedBy(live, 'Argo CD', ['argocd-controller']);
};

const flux: OwnerSign = (live, desired) => {
  for (const [key, kind] of [
    ['kustomize.toolkit.fluxcd.io/name', 'Kustomization'],
    ['helm.toolkit.fluxcd.io/name', 'HelmRelease'],
  ] as const) {
    const name = label(key, live, desired);
    if (name !== undefined) return `Flux’s ${kind} ${name} (label ${key})`;
  }
  return managedBy(live, 'Flux', ['kustomize-controller', 'helm-controller']);
};

/** The label alone is in the output of every `helm template`; the release annotation is written by an installation only. */
const helm: OwnerSign = (live, desired) => {
  const release = annotation('meta.helm.sh/release-name', live, desired);
  if (release !== undefined && live.metadata.labels?.['app.kubernetes.io/managed-by'] === 'Helm') {
    return `Helm’s release ${release} (annotation meta.helm.sh/release-name)`;
  }
  return managedBy(live, 'Helm', ['helm']);
};

const OWNER_SIGNS: readonly OwnerSign[] = [otherRow, argoCd, flux, helm];

/** What Git itself writes on the object is no sign of anybody else. */
function label(key: string, live: KubernetesObject, desired: KubernetesObject): string | undefined {
  const value = live.metadata.labels?.[key];
  return value === desired.metadata.labels?.[key] ? undefined : value;
}

function annotation(key: string, live: KubernetesObject, desired: KubernetesObject): string | undefined {
  const value = live.metadata.annotations?.[key];
  return value === desired.metadata.annotations?.[key] ? undefined : value;
}

function managedBy(live: KubernetesObject, tool: string, managers: readonly string[]): string | undefined {
  const entry = live.metadata.managedFields?.find((candidate) => isWriterOf(candidate, managers));
  return entry === undefined ? undefined : `${tool} (field manager ${entry.manager})`;
}

function isWriterOf(entry: ManagedFieldsEntry, managers: readonly string[]): boolean {
  return entry.manager !== undefined && managers.includes(entry.manager) && (entry.subresource ?? '') === '';
}
