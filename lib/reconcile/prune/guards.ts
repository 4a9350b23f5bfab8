import type { Failure } from '../../errors.ts';
import { isJsonObject } from '../../manifests/json.ts';
import { describeObject, type KubernetesObject } from '../../manifests/object.ts';
import type { InventoryObject } from '../../storage/stores.ts';
import { OWNER_LABEL, type WriterIdentity } from '../identity.ts';
import { appliedFields } from '../managed-fields.ts';
import { RECONCILE_ANNOTATION } from '../policy/marks.ts';
import { isProtected } from '../protected.ts';
import { CONFIRM_PRUNE, isPruneDisabled, PRUNE } from './marks.ts';

/** An object that was applied once, is not in Git, and is in the cluster. */
export interface Candidate {
  readonly entry: InventoryObject;
  readonly live: KubernetesObject;
}

/** Why an object is not deleted, or undefined when this guard has nothing against it. */
export type Guard = (candidate: Candidate, identity: WriterIdentity) => Failure | undefined;

const adopted: Guard = ({ entry }) =>
  entry.adopted === true && entry.prune === undefined
    ? because(entry, 'Adopted', `it was there before it was applied from here, and is not marked ${PRUNE}: enabled, so that it stays.`)
    : undefined;

const disabled: Guard = ({ entry, live }) =>
  entry.prune === 'disabled' || isPruneDisabled(live)
    ? because(entry, 'PruneDisabled', `it is marked ${PRUNE}: disabled, so that it stays in the cluster.`)
    : undefined;

const isGoing: Guard = ({ entry, live }) => {
  if (live.metadata.deletionTimestamp === undefined) return undefined;
  const finalizers = live.metadata.finalizers ?? [];
  const waits = finalizers.length === 0 ? 'what it owns' : `its finalizers: ${finalizers.join(', ')}`;
  return because(entry, 'Terminating', `it is being deleted, and waits for ${waits}.`);
};

const hasOurUid: Guard = ({ entry, live }) =>
  entry.uid === undefined || entry.uid === live.metadata.uid
    ? undefined
    : because(entry, 'OtherUid', `it is not the object that was applied (uid ${live.metadata.uid}, applied ${entry.uid}). ${BY_HAND}`);

const hasOurLabel: Guard = ({ entry, live }, { owner }) =>
  live.metadata.labels?.[OWNER_LABEL] === owner
    ? undefined
    : because(entry, 'LabelRemoved', `somebody took its label ${OWNER_LABEL} off. ${BY_HAND}`);

const hasOurEntry: Guard = ({ entry, live }, { fieldManager }) =>
  appliedFields(live, fieldManager) === undefined
    ? because(entry, 'NotApplied', `its managed fields have no entry of ${fieldManager}. ${BY_HAND}`)
    : undefined;

const hasNoController: Guard = ({ entry, live }) =>
  ownerReferencesOf(live).some((owner) => isJsonObject(owner) && owner.controller === true)
    ? because(entry, 'Controlled', `a controller owns it, and deletes it with what it was made for. ${BY_HAND}`)
    : undefined;

const isReconciled: Guard = ({ entry, live }) =>
  live.metadata.annotations?.[RECONCILE_ANNOTATION] === 'disabled'
    ? because(entry, 'ReconcileDisabled', `it is marked ${RECONCILE_ANNOTATION}: disabled.`)
    : undefined;

const isConfirmed: Guard = ({ entry }) =>
  isProtected(entry) && entry.prune !== 'confirmed'
    ? because(
        entry,
        'NotConfirmed',
        `deleting a ${entry.kind} takes what it holds with it, and its last revision in Git does not have ${CONFIRM_PRUNE}: "true". Put it back into Git with that annotation, let it be applied, and remove it again. Or: ${BY_HAND}`,
      )
    : undefined;

const BY_HAND = `Delete it by hand, or mark it ${PRUNE}: disabled (kubectl annotate) to keep it.`;

/** Objects that stay for good, which is said once. */
export const ORPHAN_GUARDS: readonly Guard[] = [adopted, disabled];

/** Whatever else keeps one object from being deleted; the first one is told. */
export const OBJECT_GUARDS: readonly Guard[] = [isGoing, hasOurUid, hasOurLabel, hasOurEntry, hasNoController, isReconciled, isConfirmed];

export function firstOf(guards: readonly Guard[], candidate: Candidate, identity: WriterIdentity): Failure | undefined {
  for (const guard of guards) {
    const failure = guard(candidate, identity);
    if (failure !== undefined) return failure;
  }
  return undefined;
}

export function because(entry: Pick<InventoryObject, 'kind' | 'namespace' | 'name'>, reason: string, why: string): Failure {
  return { reason, message: `${describeObject(entry)}: it is no longer in Git: ${why}` };
}

function ownerReferencesOf({ metadata }: KubernetesObject): readonly unknown[] {
  return Array.isArray(metadata.ownerReferences) ? metadata.ownerReferences : [];
}
