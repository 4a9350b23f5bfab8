import type { KubernetesObject, ManagedFieldsEntry } from '../manifests/object.ts';
import type { Adoption } from '../settings/field-settings.ts';
import { MANAGER_PREFIX, OWNER_LABEL, type WriterIdentity } from './identity.ts';
import { appliedFields, holdsPath, isApplyOf } from './managed-fields.ts';
import { holdsMore } from './takeover/index.ts';

/** Another deployer of an object. */
export interface Owner {
  /** As `adopt` in plumbline.yaml calls it. */
  readonly deployer: Adoption['from'];
  /** For people, with the sign. */
  readonly words: string;
}

/** One sign that another deployer keeps an object; returns what it is for people, with the sign. */
type OwnerSign = (live: KubernetesObject, desired: KubernetesObject, identity: WriterIdentity) => string | undefined;

/**
 * Who else keeps this object, or undefined when nobody does. Such an object is never written, however its fields differ, unless it is adopted
 * by name: two deployers that both correct it would fight for ever.
 */
export function otherOwner(live: KubernetesObject, desired: KubernetesObject, identity: WriterIdentity): Owner | undefined {
  const foreign = withoutOwnMarks(live, identity);
  for (const [deployer, sign] of OWNER_SIGNS) {
    const words = sign(foreign, desired, identity);
    if (words !== undefined) return { deployer, words };
  }
  return undefined;
}

/** A mark that we alone own was taken over with the rest, by a run that was cut off before it applied. */
function withoutOwnMarks(live: KubernetesObject, { fieldManager }: WriterIdentity): KubernetesObject {
  const ours = appliedFields(live, fieldManager);
  const { labels, annotations, managedFields = [] } = live.metadata;
  if (ours === undefined) return live;
  const theirs = managedFields.filter((entry) => !isApplyOf(entry, fieldManager));
  const foreignOf = (map: 'labels' | 'annotations', marks: Readonly<Record<string, string>> = {}) =>
    Object.fromEntries(
      Object.entries(marks).filter(([key]) => {
        const path = [{ field: 'metadata' }, { field: map }, { field: key }];
        return !holdsPath(ours, path) || theirs.some(({ fieldsV1 }) => fieldsV1 !== undefined && holdsPath(fieldsV1, path));
      }),
    );
  return {
    ...live,
    metadata: { ...live.metadata, labels: foreignOf('labels', labels), annotations: foreignOf('annotations', annotations) },
  };
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
  return managedBy(live, 'Argo CD', 'argo-cd');
};

const flux: OwnerSign = (live, desired) => {
  for (const [key, kind] of [
    ['kustomize.toolkit.fluxcd.io/name', 'Kustomization'],
    ['helm.toolkit.fluxcd.io/name', 'HelmRelease'],
  ] as const) {
    const name = label(key, live, desired);
    if (name !== undefined) return `Flux’s ${kind} ${name} (label ${key})`;
  }
  return managedBy(live, 'Flux', 'flux');
};

/** The label alone is in the output of every `helm template`; the release annotation is written by an installation only. */
const helm: OwnerSign = (live, desired) => {
  const release = annotation('meta.helm.sh/release-name', live, desired);
  if (release !== undefined && live.metadata.labels?.['app.kubernetes.io/managed-by'] === 'Helm') {
    return `Helm’s release ${release} (annotation meta.helm.sh/release-name)`;
  }
  return managedBy(live, 'Helm', 'helm');
};

const OWNER_SIGNS: readonly (readonly [Owner['deployer'], OwnerSign])[] = [
  ['plumbline', otherRow],
  ['argo-cd', argoCd],
  ['flux', flux],
  ['helm', helm],
];

const MANAGERS_OF: Readonly<Record<Exclude<Owner['deployer'], 'plumbline'>, readonly string[]>> = {
  'argo-cd': ['argocd-controller', 'argocd-application-controller'],
  flux: ['kustomize-controller', 'helm-controller'],
  helm: ['helm'],
};

/** Whether a field manager is a deployer's. */
export function isManagerOf(deployer: Owner['deployer'], manager: string): boolean {
  return deployer === 'plumbline' ? manager.startsWith(MANAGER_PREFIX) : MANAGERS_OF[deployer].includes(manager);
}

/** What Git itself writes on the object is no sign of anybody else. */
function label(key: string, live: KubernetesObject, desired: KubernetesObject): string | undefined {
  const value = live.metadata.labels?.[key];
  return value === desired.metadata.labels?.[key] ? undefined : value;
}

function annotation(key: string, live: KubernetesObject, desired: KubernetesObject): string | undefined {
  const value = live.metadata.annotations?.[key];
  return value === desired.metadata.annotations?.[key] ? undefined : value;
}

function managedBy(live: KubernetesObject, tool: string, deployer: Owner['deployer']): string | undefined {
  const entry = live.metadata.managedFields?.find((candidate) => isWriterOf(candidate, live, deployer));
  return entry === undefined ? undefined : `${tool} (field manager ${entry.manager})`;
}

/** What is never taken over can be all that an earlier deployer has left. */
function isWriterOf(entry: ManagedFieldsEntry, live: KubernetesObject, deployer: Owner['deployer']): boolean {
  const { manager, subresource = '' } = entry;
  return manager !== undefined && subresource === '' && isManagerOf(deployer, manager) && holdsMore(entry, live);
}
