import { isDeepStrictEqual } from 'node:util';
import type { Fact, RunFacts } from './fact.ts';
import { identityOf, recordObjectKey } from './identity.ts';
import type { ObjectRecord, RecordEvent } from './record.ts';

/** What one run does to one record: a value for each transition, oldest first; the last is what is stored. At least one. */
export type RecordSteps = readonly [ObjectRecord, ...ObjectRecord[]];

/**
 * Holds what a run saw against the records that are open: a fact that is new opens one, one that is known moves it on or leaves it alone,
 * and an open record of which the run could say that it is gone is resolved.
 *
 * `newId` makes the ULID of a record that is opened at that moment (epoch milliseconds).
 */
export function planRecords(
  open: readonly ObjectRecord[],
  run: RunFacts,
  now: Date,
  newId: (at: number) => string,
): readonly RecordSteps[] {
  const openByIdentity = new Map(open.map((record) => [identityOf(record), record]));
  const facts = mergeFacts(run.facts);
  const plans: RecordSteps[] = [];
  const seen = seenIn(run.facts);
  for (const [identity, fact] of facts) {
    const steps = stepsOf(openByIdentity.get(identity), fact, run, newId);
    if (isNonEmpty(steps)) plans.push(steps);
  }
  for (const [identity, record] of openByIdentity) {
    if (!facts.has(identity) && run.closes(record)) plans.push([closed(record, run, now.toISOString(), seen(record))]);
  }
  return plans;
}

/** Two facts of one identity in one run are one record with the paths of both. */
function mergeFacts(facts: readonly Fact[]): ReadonlyMap<string, Fact> {
  const merged = new Map<string, Fact>();
  for (const fact of facts) {
    const identity = identityOf(fact);
    const earlier = merged.get(identity);
    merged.set(identity, earlier === undefined ? fact : { ...earlier, changes: [...earlier.changes, ...fact.changes] });
  }
  return merged;
}

function stepsOf(open: ObjectRecord | undefined, fact: Fact, run: RunFacts, newId: (at: number) => string): readonly ObjectRecord[] {
  const steps: ObjectRecord[] = [];
  let last = open ?? openedBy(fact, run, newId);
  if (open === undefined) steps.push(last);
  const move = (event: RecordEvent, fields: Partial<ObjectRecord> = {}) => {
    const { error: _error, heldUntil: _heldUntil, ...kept } = last;
    last = { ...kept, ...sightingOf(fact, run), ...fields, event, sequence: last.sequence + 1 };
    steps.push(last);
  };

  if (fact.decision === 'held' && (open?.decision !== 'held' || open.heldUntil !== fact.heldUntil)) move('held');
  if (fact.decision === 'failed' && (open?.decision !== 'failed' || open.error?.reason !== fact.error?.reason)) move('failed');
  if (open !== undefined && steps.length === 0 && fact.verifiedAt === undefined && fact.correctedAt === undefined && differs(open, fact)) {
    move('changed');
  }
  const { correctedAt, verifiedAt } = fact;
  // A correction that the server’s answer does not show, once more, is no news; that pods were restarted once more is.
  const isRepeated =
    fact.kind !== 'image' && verifiedAt === undefined && open?.correctedAt !== undefined && open.error?.reason === fact.error?.reason;
  if (correctedAt !== undefined && last.correctedAt !== correctedAt && !isRepeated) {
    const durationMs = Date.parse(correctedAt) - Date.parse(last.at);
    if (fact.kind === 'drift' || fact.kind === 'image') move('corrected', { correctedAt, durationMs });
    else last = { ...last, correctedAt, durationMs };
  }
  if (verifiedAt !== undefined) move('verified', { verifiedAt, resolvedAt: verifiedAt });
  return steps;
}

function openedBy(fact: Fact, run: RunFacts, newId: (at: number) => string): ObjectRecord {
  return {
    cluster: run.cluster,
    id: fact.opens?.id ?? newId(Date.parse(run.startedAt)),
    at: fact.opens?.at ?? run.startedAt,
    kind: fact.kind,
    object: fact.object,
    class: fact.class,
    ...sightingOf(fact, run),
    sequence: 1,
    event: 'opened',
  };
}

/** What each sighting says anew; who did it stays when a later run cannot tell any more. */
function sightingOf(fact: Fact, run: RunFacts) {
  return {
    runId: run.runId,
    revision: fact.opens?.revision ?? run.revision,
    changes: fact.changes,
    decision: fact.decision,
    ...(fact.actor === undefined ? {} : { actor: fact.actor }),
    ...(fact.heldUntil === undefined ? {} : { heldUntil: fact.heldUntil }),
    ...(fact.health === undefined ? {} : { health: fact.health }),
    ...(fact.error === undefined ? {} : { error: fact.error }),
  };
}

/** Whether people would call it news. A message may hold a number that is another each time; its reason does not. */
function differs(open: ObjectRecord, fact: Fact): boolean {
  return (
    open.decision !== fact.decision ||
    open.health?.status !== fact.health?.status ||
    open.error?.reason !== fact.error?.reason ||
    !isDeepStrictEqual(open.changes, fact.changes)
  );
}

/** Whether a run still sees a path of a record, under another class. */
function seenIn(facts: readonly Fact[]): (record: ObjectRecord) => boolean {
  const id = (fact: Pick<Fact, 'kind' | 'object'>, path: string) => JSON.stringify([fact.kind, recordObjectKey(fact), path]);
  const paths = new Set(facts.flatMap((fact) => fact.changes.map(({ path }) => id(fact, path))));
  return (record) => record.changes.some(({ path }) => paths.has(id(record, path)));
}

/**
 * Gone without this run's doing; if the last thing that was done about it was its correction, this is where that is seen. What goes on under
 * another class (`seen`) was not corrected.
 */
function closed(record: ObjectRecord, run: RunFacts, at: string, seen: boolean): ObjectRecord {
  // A refusal to restart pods again, while those of before still go, undoes no restart.
  const isLast = record.kind === 'image' || record.decision === 'corrected' || record.decision === 'applied';
  const isCorrected = record.correctedAt !== undefined && !seen && isLast;
  const end = isCorrected ? { event: 'verified' as const, verifiedAt: at } : { event: 'resolved' as const };
  return { ...record, ...end, runId: run.runId, revision: run.revision, resolvedAt: at, sequence: record.sequence + 1 };
}

function isNonEmpty(steps: readonly ObjectRecord[]): steps is RecordSteps {
  return steps.length > 0;
}
