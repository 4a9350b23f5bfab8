import type { Failure } from '../../errors.ts';
import type { Decision } from '../../records/record.ts';
import { holdEnd } from './hold.ts';
import type { Marks } from './marks.ts';
import type { TargetMemory } from './memory.ts';
import type { Policy } from './policy.ts';
import type { Closed } from './windows.ts';

/** What is done about something, and when it is decided on again if that is known. */
export interface Treatment {
  readonly decision: Decision;
  /** ISO 8601. */
  readonly heldUntil?: string;
  /** Why, where somebody has said so. */
  readonly failure?: Failure;
}

/** What it depends on: what is allowed of this object, what it asks for, and what is remembered of it. */
export interface Circumstances {
  readonly policy: Policy;
  readonly marks: Marks;
  readonly memory: TargetMemory;
}

/** The value of the annotation `plumbline.dev/reconcile` by which an object is never written. */
const DISABLED = 'disabled';

/**
 * What becomes of a drift of this class: it is corrected, unless it is only observed, suspended or held. It is held until all of these are over:
 * the grace of the row or rule and the hold of the object, both counted from when the drift was opened, and a window in which nothing is
 * corrected.
 */
export function treatDrift(driftClass: string, circumstances: Circumstances): Treatment {
  const { policy, marks, memory } = circumstances;
  const since = memory.driftSince.get(driftClass);
  const openedAt = since === undefined ? policy.now : new Date(since);
  const hold = marks.holdUntil === undefined ? undefined : holdEnd(marks.holdUntil, openedAt, policy.holdLimitSeconds);
  const waits: Closed[] = [{ until: new Date(openedAt.getTime() + policy.graceSeconds * 1000) }];
  if (hold !== undefined) waits.push({ until: hold });
  if (policy.closed.drift !== undefined) waits.push(policy.closed.drift);
  return forbidden(circumstances) ?? heldBy(waits, policy.now) ?? { decision: 'corrected' };
}

/** What becomes of what a commit changed: grace and holds are about drift, so that only a window keeps it back. */
export function treatRollout(circumstances: Pick<Circumstances, 'policy' | 'marks'>): Treatment {
  const { policy } = circumstances;
  const waits = policy.closed.rollout === undefined ? [] : [policy.closed.rollout];
  return forbidden(circumstances) ?? heldBy(waits, policy.now) ?? { decision: 'applied' };
}

/** Why the object is not written at all; undefined when it may be. */
export function forbidden({ policy, marks }: Pick<Circumstances, 'policy' | 'marks'>): Treatment | undefined {
  if (policy.mode === 'observe') return { decision: 'observed' };
  if (policy.suspended) {
    const { suspendedUntil, suspension } = policy;
    return {
      decision: 'suspended',
      ...(suspendedUntil === undefined ? {} : { heldUntil: suspendedUntil }),
      ...(suspension === undefined ? {} : { failure: suspension }),
    };
  }
  return marks.reconcile === DISABLED ? { decision: 'suspended' } : undefined;
}

function heldBy(waits: readonly Closed[], now: Date): Treatment | undefined {
  const open = waits.filter(({ until }) => until === undefined || until > now);
  if (open.length === 0) return undefined;
  const ends = open.map(({ until }) => until?.getTime() ?? Number.POSITIVE_INFINITY);
  const last = Math.max(...ends);
  return { decision: 'held', ...(Number.isFinite(last) ? { heldUntil: new Date(last).toISOString() } : {}) };
}
