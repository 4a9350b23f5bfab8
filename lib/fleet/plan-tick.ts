import type { Failure } from '../errors.ts';
import type { ClusterEntry, ClusterRow, ClusterState } from './cluster.ts';
import { isFailing } from './failing.ts';
import { isFresh } from './freshness.ts';
import type { ClusterMessage, SourceMessage } from './messages.ts';

/**
 * A run is recorded some seconds after the tick that asked for it, and ticks come with a precision of their own: without this much grace
 * a row with an interval of a minute would be due every second minute.
 */
const TICK_TOLERANCE_SECONDS = 50;

export interface TickGauges {
  /** Watched clusters of which what was last seen is no longer fresh, or nothing was ever seen. */
  readonly StaleClusters: number;
  /** The age of the oldest verification among watched clusters that were ever verified. */
  readonly OldestVerifiedSeconds: number;
  /** Rows that are invalid, and clusters whose last run or whose source failed. */
  readonly FailingClusters: number;
  /** Open records of all clusters, as their last runs counted them. */
  readonly OpenDrift: number;
  /** Objects of watched clusters that were written and do not work, as their last runs saw it. */
  readonly DegradedRollouts: number;
}

/** A state that says something else than the row does now. */
export interface StatusChange {
  readonly cluster: string;
  readonly patch: { readonly outcome: 'failed' | 'suspended' | 'off'; readonly failure: Failure | null };
}

export interface TickPlan {
  readonly sources: readonly SourceMessage[];
  readonly clusters: readonly ClusterMessage[];
  readonly statuses: readonly StatusChange[];
  readonly gauges: TickGauges;
}

/** Decides what one tick of the schedule asks for, and what it says of the fleet. */
export function planTick(entries: readonly ClusterEntry[], states: readonly ClusterState[], now: Date): TickPlan {
  const stateOf = new Map(states.map((state) => [state.cluster, state]));
  const rows = entries.flatMap((entry) => ('row' in entry ? [{ row: entry.row, state: stateOf.get(entry.cluster) }] : []));
  const active = rows.filter(({ row }) => isActive(row, now));
  return {
    sources: sourcesOf(active),
    clusters: active.filter(({ row, state }) => isDue(row, state, now)).map(({ row }) => ({ cluster: row.cluster, reason: 'tick' })),
    statuses: entries.flatMap((entry) => statusChange(entry, stateOf.get(entry.cluster), now)),
    gauges: {
      StaleClusters: active.filter(({ row, state }) => !isFresh(state, row, now)).length,
      OldestVerifiedSeconds: Math.max(
        0,
        ...active.flatMap(({ state }) => (state?.verifiedAt === undefined ? [] : [Math.round(secondsSince(state.verifiedAt, now))])),
      ),
      FailingClusters: entries.filter((entry) => needsAttention(entry, stateOf.get(entry.cluster), now)).length,
      OpenDrift: rows.reduce((sum, { state }) => sum + (state?.open ?? 0), 0),
      DegradedRollouts: active.reduce((sum, { state }) => sum + (state?.rollouts?.degraded ?? 0), 0),
    },
  };
}

interface Known {
  readonly row: ClusterRow;
  readonly state: ClusterState | undefined;
}

export function isSuspended(row: Pick<ClusterRow, 'suspendedUntil'>, now: Date): boolean {
  return row.suspendedUntil !== undefined && Date.parse(row.suspendedUntil) > now.getTime();
}

function isActive(row: ClusterRow, now: Date): boolean {
  return row.mode !== 'off' && !isSuspended(row, now);
}

function isDue(row: ClusterRow, state: ClusterState | undefined, now: Date): boolean {
  if (state?.nextAttemptAt !== undefined && Date.parse(state.nextAttemptAt) > now.getTime()) return false;
  return state?.lastRunAt === undefined || secondsSince(state.lastRunAt, now) >= row.intervalSeconds - TICK_TOLERANCE_SECONDS;
}

function needsAttention(entry: ClusterEntry, state: ClusterState | undefined, now: Date): boolean {
  if ('invalid' in entry) return true;
  return isActive(entry.row, now) && isFailing(state);
}

/** One message a repository and secret, however many rows follow it; whether Git has to be asked is decided where it is received. */
function sourcesOf(active: readonly Known[]): readonly SourceMessage[] {
  const messages = new Map<string, SourceMessage>();
  for (const { row } of active) {
    const { repository, credentialsSecret } = row;
    const message = credentialsSecret === undefined ? { repository } : { repository, credentialsSecret };
    messages.set(JSON.stringify(message), message);
  }
  return [...messages.values()];
}

/** Rows that no run will report on say here why; once written it is not written again. */
function statusChange(entry: ClusterEntry, state: ClusterState | undefined, now: Date): readonly StatusChange[] {
  const { cluster } = entry;
  if ('invalid' in entry) {
    const same = state?.outcome === 'failed' && state.failure?.message === entry.invalid.message;
    return same ? [] : [{ cluster, patch: { outcome: 'failed', failure: entry.invalid } }];
  }
  if (isActive(entry.row, now)) return [];
  const outcome = entry.row.mode === 'off' ? 'off' : 'suspended';
  return state?.outcome === outcome && state.failure === undefined ? [] : [{ cluster, patch: { outcome, failure: null } }];
}

function secondsSince(moment: string, now: Date): number {
  return (now.getTime() - Date.parse(moment)) / 1000;
}
