import { failureOf } from '../errors.ts';
import { redactFailure } from '../records/redact.ts';
import type { StateStore } from '../storage/stores.ts';

/**
 * Says in a cluster's state that a run could not be brought to its end, where that run says nothing itself and is tried again: the last run's
 * word must not stand, since it may be in sync. When it ran is left as it was, so that the run which is tried again is not overtaken by this
 * one. Throws when the state cannot be written either.
 */
export async function sayFailed(cluster: string, cause: unknown, state: Pick<StateStore, 'update'>): Promise<void> {
  const { reason, message } = redactFailure(failureOf(cause));
  const failure = { reason, message: `cluster ${cluster}: its last run could not be brought to its end and is tried again: ${message}` };
  try {
    await state.update(cluster, { outcome: 'failed', failure });
  } catch (error) {
    throw new AggregateError([cause, error], failure.message);
  }
}
