import type { Failure } from '../../errors.ts';
import type { Fact } from '../../records/fact.ts';
import type { InventoryObject } from '../../storage/stores.ts';
import type { Pruned } from './delete.ts';
import type { RemovedObject, UnknownEntry } from './removed.ts';

/** What a run has to say of objects that are no longer in Git. `now`: ISO 8601. */
export function pruneFacts(pruned: readonly Pruned[], unknown: Iterable<UnknownEntry>, now: string): readonly Fact[] {
  return [
    ...pruned.map(({ removed, outcome }): Fact => {
      const uid = removed.live.metadata.uid;
      return { ...factOf(removed.entry, uid), ...outcomeFields(outcome, now) };
    }),
    ...[...unknown].map(({ entry, failure }): Fact => ({ ...factOf(entry, entry.uid), decision: 'failed', error: failure })),
  ];
}

/** Of an object that is about to be deleted. */
export function intendedDeletion({ entry, live }: RemovedObject): Fact {
  return { ...factOf(entry, live.metadata.uid), decision: 'applied' };
}

function factOf(
  { apiVersion, kind, namespace, name }: InventoryObject,
  uid: string | undefined,
): Pick<Fact, 'kind' | 'object' | 'class' | 'changes'> {
  const object = { apiVersion, kind, namespace, name, ...(uid === undefined ? {} : { uid }) };
  return { kind: 'prune', object, class: REMOVED_FROM_GIT, changes: [] };
}

export const REMOVED_FROM_GIT = 'removed-from-git';

type OutcomeFields = Pick<Fact, 'decision'> & {
  readonly error?: Failure;
  readonly heldUntil?: string;
  readonly correctedAt?: string;
  readonly verifiedAt?: string;
};

function outcomeFields(outcome: Pruned['outcome'], now: string): OutcomeFields {
  switch (outcome.action) {
    case 'forbidden':
      return {
        decision: outcome.decision,
        ...(outcome.heldUntil === undefined ? {} : { heldUntil: outcome.heldUntil }),
        ...(outcome.failure === undefined ? {} : { error: outcome.failure }),
      };
    case 'wait':
      return { decision: 'held', heldUntil: outcome.until };
    case 'keep':
      return { decision: 'blocked', error: outcome.failure };
    case 'orphan':
      // It is as it is to be: said once, and over.
      return { decision: 'tolerated', error: outcome.failure, verifiedAt: now };
    case 'deleted':
      return { decision: 'applied', correctedAt: outcome.at, ...(outcome.gone ? { verifiedAt: outcome.at } : {}) };
    case 'failed':
      return { decision: 'failed', error: outcome.failure };
  }
}
