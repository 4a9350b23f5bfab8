import type { KubernetesObject, ObjectId } from '../manifests/object.ts';
import type { Adoption } from '../settings/field-settings.ts';
import { OWNER_LABEL, type WriterIdentity } from './identity.ts';
import { appliedFields } from './managed-fields.ts';
import { type ClassifyManager, matchesName } from './managers.ts';
import { isManagerOf, type Owner } from './ownership.ts';
import { isMadeAnew, type Target } from './target.ts';

/** The first contact with an object that was there before us, whose fields are taken over with it. */
export interface Adopted {
  /** Who deployed it, for people: `Helm`, `kubectl`, or the managers of its fields. */
  readonly from: string;
  readonly deployer: Owner['deployer'] | undefined;
}

const NAMES: Readonly<Record<Owner['deployer'], string>> = { helm: 'Helm', 'argo-cd': 'Argo CD', flux: 'Flux', plumbline: 'Plumbline' };

/**
 * Undefined of an object that is ours already. One that was ours and that somebody has made anew is drift, unless another deployer has it now.
 */
export function adoptionOf(
  live: KubernetesObject,
  owner: Owner | undefined,
  target: Target,
  identity: WriterIdentity,
): Adopted | undefined {
  if (isOurs(live, identity)) return undefined;
  if (owner !== undefined) return { from: NAMES[owner.deployer], deployer: owner.deployer };
  if (isMadeAnew(target, live.metadata.uid)) return undefined;
  return { from: writersOf(live), deployer: undefined };
}

/** Once adopted, an object that its earlier deployer writes again is refused like any other: nobody is to fight over it. */
export function mayAdopt(id: ObjectId, adoption: Adopted | undefined, adoptions: readonly Adoption[]): boolean {
  if (adoption === undefined) return false;
  return adoptions.some(
    ({ group, kind, namespace, name, from }) =>
      from === adoption.deployer &&
      kind === id.kind &&
      matchesName(name, id.name) &&
      (group === undefined || group === id.group) &&
      (namespace === undefined || matchesName(namespace, id.namespace)),
  );
}

/** The deployer's fields are as a person's are: theirs no longer. */
export function classifyAdopted(classify: ClassifyManager, deployer: Owner['deployer'] | undefined): ClassifyManager {
  if (deployer === undefined) return classify;
  return (manager) => (isManagerOf(deployer, manager) ? 'person' : classify(manager));
}

/** The label alone is left where somebody cleared the managed fields. */
function isOurs(live: KubernetesObject, { fieldManager, owner }: WriterIdentity): boolean {
  return appliedFields(live, fieldManager) !== undefined || live.metadata.labels?.[OWNER_LABEL] === owner;
}

function writersOf({ metadata }: KubernetesObject): string {
  const managers = (metadata.managedFields ?? [])
    .filter(({ subresource = '' }) => subresource === '')
    .map(({ manager = '' }) => (manager.startsWith('kubectl') ? 'kubectl' : manager));
  return [...new Set(managers.filter((manager) => manager !== ''))].join(', ') || 'unknown';
}
