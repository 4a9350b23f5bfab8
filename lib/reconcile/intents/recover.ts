import { describeObject } from '../../manifests/object.ts';
import type { Fact } from '../../records/fact.ts';
import { identityOf, recordObjectKey } from '../../records/identity.ts';
import type { Intent } from '../../storage/stores.ts';
import type { AppliedItem } from '../apply.ts';
import { isEqual } from '../equal.ts';

/** How a run found what an earlier one was about to write. */
export interface Found {
  readonly runId: string;
  readonly applied: readonly AppliedItem[];
  /** Keys of objects that were to go, and are not there any more. */
  readonly gone: ReadonlySet<string>;
  /** ISO 8601. */
  readonly now: string;
}

/**
 * The facts of a run with the records that were written down for them, and what became of what a run before it left behind: seen done now, or
 * open where that cannot be said.
 */
export function withRecords(facts: readonly Fact[], intents: readonly Intent[], found: Found): readonly Fact[] {
  const byIdentity = new Map(intents.map((intent) => [identityOf(intent.fact), intent]));
  const told = facts.map((fact): Fact => {
    const intent = byIdentity.get(identityOf(fact));
    return intent === undefined ? fact : { ...fact, opens: { id: intent.id, at: intent.at } };
  });
  const identities = new Set(facts.map(identityOf));
  const items = new Map(found.applied.map((item) => [item.target.key, item]));
  const left = [...byIdentity].filter(([identity, { runId }]) => runId !== found.runId && !identities.has(identity));
  return [...told, ...left.map(([, intent]) => recovered(intent, items, found))];
}

function recovered({ fact, id, at, revision }: Intent, items: ReadonlyMap<string, AppliedItem>, { gone, now }: Found): Fact {
  const opens = { id, at, revision };
  const key = recordObjectKey(fact);
  const isDone = fact.kind === 'prune' ? gone.has(key) : isSettled(items.get(key));
  if (isDone) return { ...fact, opens, correctedAt: now, verifiedAt: now };
  const message = `${describeObject(fact.object)}: the run that was to write it was cut off, and nobody knows whether it did.`;
  return { ...fact, opens, error: { reason: 'CutOff', message } };
}

function isSettled(item: AppliedItem | undefined): boolean {
  if (item === undefined) return false;
  return item.result.state === 'written' ? item.result.verified : item.result.state === 'left' && isEqual(item);
}
