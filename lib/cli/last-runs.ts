import type { ClusterState } from '../fleet/cluster.ts';
import type { RunRecord } from '../records/record.ts';
import type { RecordStore } from '../storage/stores.ts';

/** Outcomes that contradict an earlier state; one that went well only makes it younger, and that is not claimed. */
const CONTRADICTING: ReadonlySet<RunRecord['outcome']> = new Set(['failed', 'blocked', 'drifting']);

/**
 * The runs that ended after what these states say, by cluster: the state table did not take their word, and the records did. Of those, the last
 * one where it found something wrong. Records that are not of a run at the cluster are not among them: their word is the source's.
 */
export async function untoldRuns(
  states: readonly ClusterState[],
  records: Pick<RecordStore, 'query'>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, RunRecord>> {
  const lastRunAt = new Map(states.flatMap(({ cluster, lastRunAt: at }) => (at === undefined ? [] : [[cluster, at] as const])));
  const [since] = [...lastRunAt.values()].toSorted();
  if (since === undefined) return new Map();
  const [only] = states.length === 1 ? states : [];
  const found = await records.query({ kind: 'run', since, ...(only === undefined ? {} : { cluster: only.cluster }) }, signal);
  const newest = new Map<string, RunRecord>();
  for (const record of found) {
    // A run's record bears the moment of its start.
    const isLater = record.at > (lastRunAt.get(record.cluster) ?? record.at);
    if (record.kind === 'run' && record.requests > 0 && isLater && !newest.has(record.cluster)) newest.set(record.cluster, record);
  }
  return new Map([...newest].filter(([, { outcome }]) => CONTRADICTING.has(outcome)));
}

/** What is known of a cluster, that run's word included. */
export function withUntoldRun(state: ClusterState | undefined, run: RunRecord | undefined): ClusterState | undefined {
  if (run === undefined) return state;
  const { failure: _before, ...rest } = state ?? { cluster: run.cluster };
  return { ...rest, outcome: run.outcome, lastRunAt: run.at, ...(run.error === undefined ? {} : { failure: run.error }) };
}
