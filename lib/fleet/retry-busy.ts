import type { ClusterMessage } from './messages.ts';
import type { Delayed } from './queues.ts';

/** Runs take seconds: most leases are free again after this. */
const LEAST_SECONDS = 2;
const MOST_SECONDS = 8;

/** With the waits above about a minute; by then the next tick asks for the cluster anyway. */
const MOST_ATTEMPTS = 12;

/**
 * The message with which a run that found its cluster's lease taken is asked for again, so that rows which share an API server, or a commit
 * that arrives during a run, wait for seconds and not for the next tick. Undefined once that tick is due. `random`, in [0, 1), keeps those
 * that wait for one lease from coming back together.
 *
 * It is a message of its own: a failed one would be invisible for the time that a run may take, and count towards the dead letters.
 */
export function retryBusy(message: ClusterMessage, random: number): Delayed<ClusterMessage> | undefined {
  const attempt = (message.attempt ?? 1) + 1;
  if (attempt > MOST_ATTEMPTS) return undefined;
  const delaySeconds = LEAST_SECONDS + Math.floor(random * (MOST_SECONDS - LEAST_SECONDS + 1));
  return { message: { ...message, attempt }, delaySeconds };
}
