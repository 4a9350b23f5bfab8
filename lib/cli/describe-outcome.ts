import type { ObjectRecord } from '../records/record.ts';
import { describeDuration } from './duration.ts';
import { type Cell, cell } from './table.ts';

/** What became of a record and how long that took; undefined where the decision already says it all. */
export function describeOutcome(record: ObjectRecord, now: Date): Cell | undefined {
  const waiting = record.resolvedAt === undefined ? describeWaiting(record, now) : undefined;
  if (waiting !== undefined) return cell(waiting, 'quiet');
  if (record.kind === 'drift' && record.correctedAt !== undefined) return describeAct('corrected', record, record.correctedAt);
  // What is done about bytes that differ is a restart.
  if (record.kind === 'image' && record.correctedAt !== undefined) return describeAct('restarted', record, record.correctedAt);
  if (record.kind === 'rollout' && record.verifiedAt !== undefined) return undefined;
  if (record.resolvedAt !== undefined) {
    const untouched = record.kind === 'drift' || record.kind === 'rollout' ? ', without a write of ours' : '';
    return cell(`no longer so ${describeDuration(between(record.at, record.resolvedAt))} after it was seen${untouched}`, 'quiet');
  }
  if (record.kind === 'image') return undefined;
  const changedAt = changeTime(record);
  const since = changedAt === undefined ? 'since it was seen' : 'since the change';
  return cell(`open for ${describeDuration(between(changedAt ?? record.at, now.toISOString()))} ${since}`, 'warning');
}

/** For how long it is left as it is; undefined where nothing says when it is decided on again. */
function describeWaiting({ decision, heldUntil }: ObjectRecord, now: Date): string | undefined {
  const left = heldUntil === undefined ? 0 : between(now.toISOString(), heldUntil);
  if (left <= 0) return undefined;
  const words = { held: 'held', suspended: 'suspended', 'backed-off': 'left to its rival' } as const;
  const word = decision === 'held' || decision === 'suspended' || decision === 'backed-off' ? words[decision] : undefined;
  return word === undefined ? undefined : `${word} for another ${describeDuration(left)}`;
}

function describeAct(act: 'corrected' | 'restarted', record: ObjectRecord, correctedAt: string): Cell {
  const changedAt = changeTime(record);
  const seen = `${describeDuration(record.durationMs ?? between(record.at, correctedAt))} after it was seen`;
  const lived = changedAt === undefined ? '' : `${describeDuration(between(changedAt, correctedAt))} after the change, `;
  const verified = record.verifiedAt === undefined ? '; not verified yet' : ', and verified';
  return cell(`${act} ${lived}${seen}${verified}`, record.verifiedAt === undefined ? 'warning' : 'plain');
}

/**
 * When the drift began, as far as managed fields tell. A time after the record was opened is that of a later write by the same manager, or of
 * another clock: then nothing is claimed.
 */
function changeTime({ actor, at }: ObjectRecord): string | undefined {
  if (actor?.at === undefined || actor.manager === 'unknown' || !(between(actor.at, at) >= 0)) return undefined;
  return actor.at;
}

function between(from: string, to: string): number {
  return Date.parse(to) - Date.parse(from);
}
