import { describe, expect, it } from 'vitest';
import { ApiError } from '../../../lib/kubernetes/api-error.ts';
import type { FailedPhase } from '../../../lib/kubernetes/connection-error.ts';
import { type Repeatable, retryDelaySeconds } from '../../../lib/kubernetes/retry.ts';

interface Failure {
  readonly status?: number;
  readonly reason: string;
  readonly message?: string;
  readonly retryAfterSeconds?: number;
  readonly phase?: FailedPhase;
}

const refused: Failure = { reason: 'Unreachable', phase: 'connecting' };
const lost: Failure = { reason: 'ConnectionLost', phase: 'waiting' };
const cut: Failure = { reason: 'BadResponse', phase: 'reading' };
const throttled: Failure = { status: 429, reason: 'TooManyRequests' };
const unavailable: Failure = { status: 503, reason: 'ServiceUnavailable' };
const internal: Failure = { status: 500, reason: 'InternalError' };

function delay(failure: Failure, repeatable: Repeatable, number = 1, random = 0): number | undefined {
  const { phase, status = 0, message = '', ...rest } = failure;
  return retryDelaySeconds({ number, error: new ApiError({ status, message, ...rest }), phase, repeatable }, random);
}

describe('retryDelaySeconds', () => {
  it.each([
    ['a refused connection', refused, true, true],
    ['a connection lost before an answer', lost, true, true],
    ['an answer cut off', cut, true, false],
    ['throttling', throttled, true, true],
    ['unavailability', unavailable, true, true],
    ['an internal error', internal, true, false],
    ['a gateway time-out', { status: 504, reason: 'Timeout' }, true, false],
    ['no answer in time', { reason: 'Timeout', phase: 'waiting' } satisfies Failure, false, false],
    ['a certificate of another authority', { reason: 'TlsVerification', phase: 'connecting' } satisfies Failure, false, false],
    ['an object that does not fit its schema', { status: 500, reason: 'Invalid' }, false, false],
    ['a conflict', { status: 409, reason: 'Conflict' }, false, false],
    ['a missing permission', { status: 403, reason: 'Forbidden' }, false, false],
    ['refused credentials', { status: 401, reason: 'Unauthorized' }, false, false],
  ])('decides after %s', (_name, failure, reads, apply) => {
    expect([delay(failure, 'reads') !== undefined, delay(failure, 'apply') !== undefined]).toEqual([reads, apply]);
  });

  it('waits longer each time, with jitter, and gives up after four attempts', () => {
    const waits = [1, 2, 3, 4].map((number) => [delay(refused, 'reads', number, 0), delay(refused, 'reads', number, 0.999)]);
    expect(waits[0]?.[0]).toBeCloseTo(0.1);
    expect(waits[0]?.[1]).toBeCloseTo(0.2);
    expect(waits[2]?.[0]).toBeCloseTo(0.4);
    expect(waits[3]).toEqual([undefined, undefined]);
  });

  it('waits at least as long as the server asks, and not at all when that is too long for a run', () => {
    expect(delay({ ...throttled, retryAfterSeconds: 3 }, 'apply')).toBeGreaterThanOrEqual(3);
    expect(delay({ ...throttled, retryAfterSeconds: 60 }, 'apply')).toBeUndefined();
  });

  it('tries an internal error once more only, since a webhook may take its whole time-out each time', () => {
    expect(delay(internal, 'reads', 2)).toBeUndefined();
  });

  it('does not wait out Retry-After for a conversion webhook that is down', () => {
    const initializing = { ...throttled, message: 'storage is (re)initializing', retryAfterSeconds: 1 };
    expect(delay(initializing, 'reads', 1)).toBeLessThan(1);
    expect(delay(initializing, 'reads', 2)).toBeUndefined();
  });
});
