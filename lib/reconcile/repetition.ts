import type { Failure } from '../errors.ts';
import type { ClusterState } from '../fleet/cluster.ts';
import type { RunOutcome } from '../records/record.ts';

/** What a run says of the cluster as a whole; `revision` of one that went through. */
export interface Said {
  readonly outcome: RunOutcome;
  readonly failure: Failure | undefined;
  readonly revision?: string;
}

/**
 * Whether a run says of the cluster what the last one said: in a fleet at rest nearly all do, each minute. Numbers are no news, since messages
 * hold durations and counts.
 */
export function repeatsLast(last: ClusterState | undefined, { outcome, failure, revision }: Said): boolean {
  return (
    last?.lastRunAt !== undefined &&
    last.outcome === outcome &&
    wordsOf(last.failure) === wordsOf(failure) &&
    (revision === undefined || last.revision === revision)
  );
}

function wordsOf(failure: Failure | undefined): string {
  return failure === undefined ? '' : `${failure.reason} ${failure.message.replaceAll(/\d+/g, '#')}`;
}
