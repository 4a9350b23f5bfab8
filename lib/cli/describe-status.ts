import type { Failure } from '../errors.ts';
import type { ClusterEntry, ClusterRow, ClusterState, Mode } from '../fleet/cluster.ts';
import { isFailing } from '../fleet/failing.ts';
import { isFresh, isOld } from '../fleet/freshness.ts';
import { isSuspended } from '../fleet/plan-tick.ts';
import type { RunOutcome } from '../records/record.ts';
import { describeRollouts, type RolloutsStatus } from './describe-rollouts.ts';
import { describeDuration } from './duration.ts';

/** A cluster's condition in one word; the table in docs/command.md says when each holds. */
export type StatusWord = 'in sync' | 'drifting' | 'blocked' | 'failing' | 'suspended' | 'off' | 'unknown' | 'never run';

/** One line of `status --json`. */
export interface ClusterStatus {
  readonly cluster: string;
  readonly status: StatusWord;
  readonly mode?: Mode;
  readonly revision?: string;
  readonly outcome?: RunOutcome;
  readonly objects?: number;
  readonly open: number;
  /** Of these, what waits for its time, and what is left to a rival for a while; absent: none. */
  readonly held?: number;
  readonly backedOff?: number;
  /** How what was written does; absent where nothing is followed. */
  readonly rollouts?: RolloutsStatus;
  readonly lastRunAt?: string;
  readonly observedAt?: string;
  readonly verifiedAt?: string;
  readonly verifiedAgeSeconds?: number;
  readonly nextAttemptAt?: string;
  readonly suspendedUntil?: string;
  readonly suspendedReason?: string;
  readonly failure?: Failure;
  readonly sourceFailure?: Failure;
}

/**
 * What is known of a cluster now. Never says more than was verified: what was last seen in sync is unknown once that is no longer fresh.
 */
export function describeStatus(entry: ClusterEntry, state: ClusterState | undefined, now: Date): ClusterStatus {
  const known = {
    cluster: entry.cluster,
    open: state?.open ?? 0,
    ...pick(state, [
      'held',
      'backedOff',
      'revision',
      'outcome',
      'objects',
      'lastRunAt',
      'observedAt',
      'verifiedAt',
      'nextAttemptAt',
      'sourceFailure',
    ]),
    ...(state?.verifiedAt === undefined ? {} : { verifiedAgeSeconds: Math.max(0, Math.round(secondsSince(state.verifiedAt, now))) }),
  };
  if ('invalid' in entry) return { ...known, status: 'failing', failure: entry.invalid };
  const { row } = entry;
  const suspended = isSuspended(row, now);
  const rollouts = describeRollouts(row, state?.rollouts, now);
  return {
    ...known,
    mode: row.mode,
    status: suspended ? 'suspended' : statusWord(row, state, now),
    ...(rollouts === undefined ? {} : { rollouts }),
    ...(suspended ? pick(row, ['suspendedUntil', 'suspendedReason']) : {}),
    ...pick(state, ['failure']),
  };
}

function statusWord(row: ClusterRow, state: ClusterState | undefined, now: Date): StatusWord {
  if (row.mode === 'off') return 'off';
  const failing = isFailing(state);
  if (state?.lastRunAt === undefined) return failing ? 'failing' : 'never run';
  if (isSilent(row, state, now)) return 'unknown';
  if (failing) return 'failing';
  switch (state.outcome) {
    case 'in-sync':
    case 'corrected':
      if (!isFresh(state, row, now)) return 'unknown';
      return (state.open ?? 0) > 0 ? 'drifting' : 'in sync';
    case 'drifting':
      return 'drifting';
    case 'blocked':
      return 'blocked';
    default:
      // The last run found it suspended or off, which it no longer is: nothing has been looked at since.
      return 'unknown';
  }
}

/** A failing cluster that backs off is quiet on purpose: its intervals count from the attempt that is due. */
function isSilent(row: ClusterRow, state: ClusterState, now: Date): boolean {
  return isOld(state.lastRunAt, row, now) && (state.nextAttemptAt === undefined || isOld(state.nextAttemptAt, row, now));
}

function secondsSince(moment: string, now: Date): number {
  return (now.getTime() - Date.parse(moment)) / 1000;
}

/** Those of the fields that are there: `exactOptionalPropertyTypes` tells a missing field from an undefined one. */
function pick<T extends object, K extends keyof T>(value: T | undefined, keys: readonly K[]): Partial<Pick<T, K>> {
  const picked: Partial<Pick<T, K>> = {};
  for (const key of keys) if (value?.[key] !== undefined) picked[key] = value[key];
  return picked;
}

/** `40 s ago`, or that there was no verification. */
export function describeVerified(status: ClusterStatus): string {
  return status.verifiedAgeSeconds === undefined ? 'never' : `${describeDuration(status.verifiedAgeSeconds * 1000)} ago`;
}

/** 1 where something failed or cannot be told, 2 where differences are open, nothing was applied yet or a rollout is degraded, else 0. */
export function statusExit(statuses: readonly ClusterStatus[]): 0 | 1 | 2 {
  if (statuses.some(({ status }) => status === 'failing' || status === 'unknown')) return 1;
  return statuses.some(differs) ? 2 : 0;
}

function differs({ status, open, rollouts }: ClusterStatus): boolean {
  return open > 0 || status === 'drifting' || status === 'blocked' || status === 'never run' || rollouts?.health === 'degraded';
}
