import type { ApiError } from './api-error.ts';
import type { FailedPhase } from './connection-error.ts';

/**
 * What may be sent twice. `reads`: nothing is written (GET, list, dry-run, reviews), so any passing failure is worth another try.
 * `apply`: a server-side apply, which the server may have done although the answer was lost; a second one is harmless, and one with a
 * resourceVersion is refused, as is a deletion that carries one. It is not sent again after a 5xx other than 503 or after an answer that
 * came in part.
 */
export type Repeatable = 'reads' | 'apply';

export interface Attempt {
  /** 1 for the first. */
  readonly number: number;
  readonly error: ApiError;
  /** Undefined when the server answered in full. */
  readonly phase: FailedPhase | undefined;
  readonly repeatable: Repeatable;
}

const MAXIMUM_ATTEMPTS = 4;
const FIRST_DELAY_SECONDS = 0.2;
const MAXIMUM_DELAY_SECONDS = 5;
/** A server that asks for more than this is left alone until the next run. */
const MAXIMUM_RETRY_AFTER_SECONDS = 10;

/** Seconds to wait before the next attempt, or undefined when there is none. `random` is in [0, 1). */
export function retryDelaySeconds(attempt: Attempt, random: number): number | undefined {
  if (attempt.number >= MAXIMUM_ATTEMPTS || !isPassing(attempt)) return undefined;
  const backoff = Math.min(MAXIMUM_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2 ** (attempt.number - 1)) * (0.5 + random / 2);
  if (rarelyPasses(attempt.error) && attempt.number > 1) return undefined;
  if (isStorageInitializing(attempt.error)) return backoff;
  const asked = attempt.error.retryAfterSeconds;
  if (asked === undefined) return backoff;
  return asked <= MAXIMUM_RETRY_AFTER_SECONDS ? asked + backoff : undefined;
}

function isPassing({ error, phase, repeatable }: Attempt): boolean {
  switch (error.reason) {
    case 'Unreachable':
    case 'ConnectionLost':
      return true;
    case 'BadResponse':
      return repeatable === 'reads' && phase === 'reading';
    case 'TooManyRequests':
      return true;
    case 'Invalid':
    case 'TooLarge':
    case 'DryRunUnsupported':
      return false;
    default:
      return error.status === 503 || (error.status >= 500 && repeatable === 'reads');
  }
}

/** A 500 is mostly a webhook that fails, and may have taken its whole time-out already: one more try tells. */
function rarelyPasses(error: ApiError): boolean {
  return error.status === 500 || error.status === 504 || isStorageInitializing(error);
}

/** The server says this for as long as a conversion webhook is down: one more try tells, waiting does not help. */
function isStorageInitializing(error: ApiError): boolean {
  return error.reason === 'TooManyRequests' && error.message.includes('(re)initializing');
}
