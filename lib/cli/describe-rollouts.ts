import type { ClusterRow, ClusterState } from '../fleet/cluster.ts';
import { isOld } from '../fleet/freshness.ts';
import { describeObject } from '../manifests/object.ts';
import { HEALTH, type ObjectRecord, type RecordHealth, type RecordObject } from '../records/record.ts';
import type { RecordStore } from '../storage/stores.ts';
import { describeDuration } from './duration.ts';
import { describeMoments } from './moment.ts';
import { type Cell, cell, type Line, sentence } from './table.ts';
import type { Screen } from './terminal.ts';
import { count } from './text.ts';

/** The worst of what was written; `unknown`: no run has looked for three intervals. */
export type RolloutsWord = 'healthy' | 'progressing' | 'degraded' | 'unknown';

/** `rollouts` of a line of `status --json`. */
export interface RolloutsStatus {
  readonly health: RolloutsWord;
  /** As they were seen last; absent where no run has looked. */
  readonly progressing?: number;
  readonly degraded?: number;
  /** ISO 8601 */
  readonly at?: string;
  /** What is degraded, where it was asked for by the cluster's name. */
  readonly objects?: readonly DegradedObject[];
}

export interface DegradedObject extends RecordHealth {
  readonly object: RecordObject;
}

/** Undefined where nothing is claimed: nobody writes to a cluster that is only observed, so that nothing of it is followed. */
export function describeRollouts(
  row: Pick<ClusterRow, 'mode' | 'intervalSeconds'>,
  rollouts: ClusterState['rollouts'],
  now: Date,
): RolloutsStatus | undefined {
  const isFollowed = rollouts !== undefined && rollouts.progressing + rollouts.degraded > 0;
  if (row.mode === 'off' || (row.mode === 'observe' && !isFollowed)) return undefined;
  if (rollouts === undefined || isOld(rollouts.at, row, now)) return { health: 'unknown', ...rollouts };
  const health = rollouts.degraded > 0 ? 'degraded' : rollouts.progressing > 0 ? 'progressing' : 'healthy';
  return { health, ...rollouts };
}

/** A status with the objects that do not work, as their open records have them: with the reason of their pods. */
export async function withDegraded<Status extends { readonly cluster: string; readonly rollouts?: RolloutsStatus }>(
  status: Status,
  records: Pick<RecordStore, 'listOpen'>,
  signal: AbortSignal,
): Promise<Status> {
  const { cluster, rollouts } = status;
  if (rollouts?.degraded === undefined || rollouts.degraded === 0) return status;
  const open = await records.listOpen(cluster, signal);
  const objects = open.filter(isDegraded).map(({ object, health }) => ({ object, ...health }));
  return { ...status, rollouts: { ...rollouts, objects } };
}

function isDegraded(record: ObjectRecord): record is ObjectRecord & { readonly health: RecordHealth } {
  return record.class === HEALTH && record.health !== undefined && record.resolvedAt === undefined;
}

const TONES = { healthy: 'good', progressing: 'warning', degraded: 'bad', unknown: 'warning' } as const;

/** The worst, with how many; `-` where nothing is claimed. */
export function rolloutsCell(rollouts: RolloutsStatus | undefined): Cell {
  if (rollouts === undefined) return cell('-');
  const { health } = rollouts;
  const number = health === 'degraded' || health === 'progressing' ? `${rollouts[health] ?? 0} ` : '';
  return cell(`${number}${health}`, TONES[health]);
}

/** Of more than these the records tell. */
const OBJECTS_SHOWN = 10;

/** What does not work and why, where it was asked for; else where to ask. */
export function rolloutLines(cluster: string, rollouts: RolloutsStatus | undefined, now: Date, screen: Screen): readonly Line[] {
  if (rollouts === undefined) return [];
  const { progressing = 0, degraded = 0, objects } = rollouts;
  const lines = (objects ?? []).slice(0, OBJECTS_SHOWN).flatMap((one) => sentence(describeDegraded(one, now, screen), 'bad', screen));
  const rest = (objects ?? []).length - OBJECTS_SHOWN;
  if (rest > 0) lines.push(...sentence(`and ${rest} more: plumbline records ${cluster} --kind rollout --open`, 'quiet', screen));
  const sums = [
    ...(degraded > 0 && objects === undefined ? [`${count(degraded, 'object')} degraded`] : []),
    ...(progressing > 0 ? [`${count(progressing, 'object')} progressing`] : []),
  ];
  const where = degraded > 0 && objects === undefined ? `: plumbline status ${cluster}` : '';
  return sums.length === 0 ? lines : [...lines, ...sentence(`${sums.join(', ')}${where}`, 'quiet', screen)];
}

function describeDegraded({ object, status, reason, message, at }: DegradedObject, now: Date, screen: Screen): string {
  const since = describeDuration(now.getTime() - Date.parse(at));
  const why = [reason, message === undefined ? undefined : describeMoments(message, now, screen)].filter((each) => each !== undefined);
  return `${describeObject(object)}: ${status === 'timed-out' ? 'timed out' : status} for ${since}: ${why.join(': ')}`;
}
