import type { ClusterRow, ClusterState } from './cluster.ts';

/** After so many intervals without a word from a cluster nothing is claimed of it. */
const INTERVALS = 3;

/** What the sweep takes to verify every object in full. */
const ROUND_SECONDS = 3600;

/** Whether a moment lies further back than three of the row's intervals. */
export function isOld(moment: string | undefined, row: Pick<ClusterRow, 'intervalSeconds'>, now: Date): boolean {
  return isOlderThan(moment, INTERVALS * row.intervalSeconds, now);
}

/**
 * Whether what was last seen of a cluster still holds: every object was looked at within three intervals, and verified in full within the hour
 * that the sweep takes and as many intervals more.
 */
export function isFresh(
  state: Pick<ClusterState, 'observedAt' | 'verifiedAt'> | undefined,
  row: Pick<ClusterRow, 'intervalSeconds'>,
  now: Date,
): boolean {
  if (isOld(state?.observedAt, row, now)) return false;
  return !isOlderThan(state?.verifiedAt, ROUND_SECONDS + INTERVALS * row.intervalSeconds, now);
}

function isOlderThan(moment: string | undefined, seconds: number, now: Date): boolean {
  return moment === undefined || now.getTime() - Date.parse(moment) > seconds * 1000;
}
