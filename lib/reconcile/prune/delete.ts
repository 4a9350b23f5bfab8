import type { Clock } from '../../clock.ts';
import { type Failure, failureOf } from '../../errors.ts';
import { describeObject, objectKey } from '../../manifests/object.ts';
import { stageOf } from '../../manifests/order.ts';
import type { Lease } from '../../storage/stores.ts';
import { inOrder } from '../in-order.ts';
import { interruptedBefore } from '../interruption.ts';
import { arrange } from '../order/index.ts';
import { type MetFailure, restated } from '../restated.ts';
import { endsRun } from '../run-error.ts';
import { type Inspecting, notEmpty } from './contents.ts';
import type { Verdict } from './judge.ts';
import type { RemovedObject } from './removed.ts';

/** What became of an object that is no longer in Git. */
export interface Pruned {
  readonly removed: RemovedObject;
  readonly outcome: Exclude<Verdict, { readonly action: 'delete' }> | Deletion;
}

export type Deletion =
  /** ISO 8601. `gone`: it was seen that it is not there any more; else it waits for its finalizers. */
  { readonly action: 'deleted'; readonly at: string; readonly gone: boolean } | { readonly action: 'failed'; readonly failure: Failure };

export interface Deleting extends Inspecting {
  readonly clock: Clock;
  readonly lease: Pick<Lease, 'expiresAt'>;
  readonly signal: AbortSignal;
  readonly writing: AbortSignal;
}

const CONCURRENCY = 6;

/** Deletes what may be deleted, in the reverse order of applying. Throws nothing: what was done has to be recorded. */
export async function pruneRemoved(
  judged: readonly { readonly removed: RemovedObject; readonly verdict: Verdict }[],
  deleting: Deleting,
): Promise<readonly Pruned[]> {
  const pruned: Pruned[] = [];
  let ended: MetFailure | undefined;
  const pruneOne = async (removed: RemovedObject): Promise<Pruned> => {
    if (ended !== undefined) return { removed, outcome: { action: 'failed', failure: restated(ended, removed.entry) } };
    if (deleting.signal.aborted && !deleting.writing.aborted) {
      return { removed, outcome: { action: 'failed', failure: interruptedBefore({ id: removed.entry }) } };
    }
    try {
      return { removed, outcome: await deleteOne(removed, deleting) };
    } catch (error) {
      const failure = deleting.writing.aborted ? tooLate(removed, 'OutOfTime', 'the run had to stop') : failureOf(error);
      if (endsRun(error, deleting.writing)) ended = { failure, id: removed.entry };
      return { removed, outcome: { action: 'failed', failure } };
    }
  };
  const doomed: RemovedObject[] = [];
  for (const { removed, verdict } of judged) {
    if (verdict.action === 'delete') doomed.push(removed);
    else pruned.push({ removed, outcome: verdict });
  }
  for (const wave of wavesOf(doomed)) {
    for await (const one of inOrder(wave, CONCURRENCY, pruneOne)) pruned.push(one);
  }
  return pruned;
}

/** What depended on others goes before them. */
function wavesOf(doomed: readonly RemovedObject[]): readonly (readonly RemovedObject[])[] {
  const nodes = doomed.map(({ entry, live }) => ({ key: objectKey(entry), id: entry, object: live }));
  const { places } = arrange(nodes);
  const placeOf = ({ entry, live }: RemovedObject) => places.get(objectKey(entry)) ?? { stage: stageOf(live), level: 0 };
  const waves = Map.groupBy(doomed, (removed) => placeOf(removed).stage * WIDEST + placeOf(removed).level);
  return [...waves].toSorted(([a], [b]) => b - a).map(([, wave]) => wave);
}

/** More levels than there are objects. */
const WIDEST = 1_000_000;

async function deleteOne(removed: RemovedObject, deleting: Deleting): Promise<Pruned['outcome']> {
  const { client, clock, lease, writing } = deleting;
  const { entry, live, resource } = removed;
  const full = await notEmpty(removed, deleting, writing);
  if (full !== undefined) return { action: 'keep', failure: full };
  if (clock.now().getTime() >= Date.parse(lease.expiresAt)) {
    return { action: 'failed', failure: tooLate(removed, 'LeaseLost', 'the run took longer than its lease') };
  }
  const { uid, resourceVersion } = live.metadata;
  if (uid === undefined || resourceVersion === undefined) return { action: 'failed', failure: withoutVersion(removed) };
  const answer = await client.delete(resource, entry, { uid, resourceVersion, propagationPolicy: 'Background' }, writing);
  if (answer === 'moved') return { action: 'keep', failure: moved(removed) };
  const at = clock.now().toISOString();
  if (answer === 'gone') return { action: 'deleted', at, gone: true };
  const left = await client.get(resource, entry, writing).catch(() => live);
  return { action: 'deleted', at, gone: left?.metadata.uid !== uid };
}

function moved({ entry }: RemovedObject): Failure {
  return {
    reason: 'Conflict',
    message: `${describeObject(entry)}: it changed after it was decided to delete it, so that it was not. The next run decides again.`,
  };
}

function tooLate({ entry }: RemovedObject, reason: string, why: string): Failure {
  return { reason, message: `${describeObject(entry)}: ${why} before it was deleted. The next run goes on from there.` };
}

function withoutVersion({ entry }: RemovedObject): Failure {
  const message = `${describeObject(entry)}: the server gives it no uid and resourceVersion, so that it cannot be deleted safely. Delete it by hand.`;
  return { reason: 'NoVersion', message };
}
