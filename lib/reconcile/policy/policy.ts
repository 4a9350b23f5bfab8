import type { Failure } from '../../errors.ts';
import type { ClusterRow } from '../../fleet/cluster.ts';
import { parseDuration } from '../../fleet/duration.ts';
import type { KubernetesObject } from '../../manifests/object.ts';
import { type ObjectSelector, selects } from '../../manifests/selector.ts';
import type { DesiredSettings } from '../../settings/settings.ts';
import { fightSecondsOf } from './contests.ts';
import { type Closed, closedAt, type Window } from './windows.ts';

/** What a cluster's row and settings allow just now. */
export interface Policy {
  readonly mode: 'observe' | 'enforce';
  readonly suspended: boolean;
  /** ISO 8601: the end of the suspension. */
  readonly suspendedUntil?: string;
  /** Who is suspended, and why. */
  readonly suspension?: Failure;
  /** When the run began, which is when the records that it opens were opened: everything that waits is held against it. */
  readonly now: Date;
  /** How long a drift stays before it is corrected. */
  readonly graceSeconds: number;
  /** How long after its opening a drift can be held by the object's annotation. */
  readonly holdLimitSeconds: number;
  /** Within how long corrections of one field are a fight. */
  readonly fightSeconds: number;
  /** What the windows do not let pass now. */
  readonly closed: { readonly drift?: Closed; readonly rollout?: Closed };
  /** The first one that fits an object holds for it. */
  readonly rules: readonly PolicyRule[];
}

export interface PolicyRule extends ObjectSelector {
  readonly mode?: 'observe' | 'enforce';
  readonly graceSeconds?: number;
}

/** A suspension ends by itself: after its end the row is what it was before. */
export function policyOf(
  row: Pick<
    ClusterRow,
    'cluster' | 'mode' | 'suspendedUntil' | 'suspendedReason' | 'intervalSeconds' | 'graceSeconds' | 'holdLimitSeconds'
  >,
  settings: Pick<DesiredSettings, 'policy' | 'windows'> | undefined,
  now: Date,
): Policy {
  const { cluster, suspendedUntil, suspendedReason = 'no reason given', intervalSeconds, graceSeconds, holdLimitSeconds } = row;
  const suspended = suspendedUntil !== undefined && Date.parse(suspendedUntil) > now.getTime();
  const rules = (settings?.policy ?? []).map(({ grace, ...rule }) => ({
    ...rule,
    ...(grace === undefined ? {} : { graceSeconds: secondsOf(grace) }),
  }));
  return {
    mode: row.mode === 'enforce' ? 'enforce' : 'observe',
    suspended,
    ...(suspended
      ? { suspendedUntil, suspension: { reason: 'Suspended', message: `cluster ${cluster}: it is suspended: ${suspendedReason}` } }
      : {}),
    now,
    graceSeconds,
    holdLimitSeconds,
    fightSeconds: fightSecondsOf(intervalSeconds + Math.max(graceSeconds, ...rules.map((rule) => rule.graceSeconds ?? 0))),
    closed: closedBy(settings?.windows ?? [], now),
    rules,
  };
}

export function writes({ mode, suspended }: Pick<Policy, 'mode' | 'suspended'>): boolean {
  return mode === 'enforce' && !suspended;
}

/** What holds for one object; never more than what the row allows. */
export function policyFor(policy: Policy, object: KubernetesObject): Policy {
  const rule = policy.rules.find((each) => selects(each, object));
  if (rule === undefined) return policy;
  const { mode, graceSeconds = policy.graceSeconds } = rule;
  return { ...policy, mode: mode === 'observe' ? 'observe' : policy.mode, graceSeconds };
}

type WindowSettings = NonNullable<DesiredSettings['windows']>;

function closedBy(windows: WindowSettings, now: Date): Policy['closed'] {
  const closed = (what: 'drift' | 'rollout') =>
    closedAt(windows.filter(({ applies }) => applies?.includes(what) ?? true).map(windowOf), now);
  const drift = closed('drift');
  const rollout = closed('rollout');
  return { ...(drift === undefined ? {} : { drift }), ...(rollout === undefined ? {} : { rollout }) };
}

function windowOf({ kind, schedule, duration, timeZone = 'UTC' }: WindowSettings[number]): Window {
  return { kind, schedule, timeZone, durationSeconds: secondsOf(duration) };
}

/** Settings are parsed when they are rendered: a duration that is none does not get here. */
function secondsOf(duration: string): number {
  return parseDuration(duration) ?? 0;
}
