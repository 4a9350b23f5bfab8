import { type JsonValue, stringifyJson } from '../manifests/json.ts';
import { describeObject } from '../manifests/object.ts';
import { MASKED } from '../manifests/secrets.ts';
import type { FieldChange, ObjectRecord, PlumblineRecord } from '../records/record.ts';
import type { Colors } from './colors.ts';
import { describeDuration } from './duration.ts';
import { cell, formatTable, type Row, type Tone } from './table.ts';
import { count, shorten, shortRevision } from './text.ts';

const VALUE_LENGTH = 48;
const CHANGES_SHOWN = 8;

/** The records as a table for people, in the order given. */
export function formatRecords(records: readonly PlumblineRecord[], colors: Colors): string {
  const headings = ['WHEN', 'CLUSTER', 'KIND', 'OBJECT', 'CLASS', 'WHAT CHANGED', 'WHO', 'DECISION', 'CORRECTED IN', 'VERIFIED'];
  return formatTable(headings, records.map(recordRow), colors);
}

function recordRow(record: PlumblineRecord): Row {
  const start = [cell(describeTime(record.at)), cell(record.cluster), cell(record.kind)];
  const beneath = record.error === undefined ? [] : [cell(record.error.message, 'bad')];
  if (record.kind === 'run') {
    const sums = `${count(record.objects, 'object')}, ${record.drifted} drifted, ${record.corrected} corrected, ${record.created} created, ${record.failed} failed`;
    const rest = [cell('-'), cell(record.outcome, outcomeTone(record.outcome)), cell(sums), cell('-'), cell('-'), cell('-'), cell('-')];
    return { cells: [...start, ...rest], beneath };
  }
  return {
    cells: [
      ...start,
      cell(describeObject(record.object)),
      cell(record.class),
      cell(describeChanges(record)),
      cell(describeActor(record)),
      cell(record.decision, decisionTone(record)),
      cell(correctedIn(record)),
      cell(record.verifiedAt === undefined ? 'no' : 'yes', record.verifiedAt === undefined ? 'quiet' : 'good'),
    ],
    beneath,
  };
}

/** Second precision is enough for people; `--json` has the whole of it. */
export function describeTime(moment: string): string {
  return moment.replace('T', ' ').replace(/\.\d+Z$/, 'Z');
}

/** A line a path: `path: live → desired`. Of a Secret both sides are redacted where the record was made. */
export function describeChanges(record: Pick<ObjectRecord, 'changes' | 'class'>): readonly string[] {
  if (record.changes.length === 0) return [record.class === 'missing' || record.class === 'created' ? 'the whole object' : '-'];
  const lines = record.changes.slice(0, CHANGES_SHOWN).map(describeChange);
  const rest = record.changes.length - lines.length;
  return rest > 0 ? [...lines, `and ${count(rest, 'more path')}`] : lines;
}

export function describeChange(change: FieldChange): string {
  // An image finding can name a reference with nothing to compare.
  if (change.live === undefined && change.desired === undefined) return change.path;
  if (change.live === MASKED && change.desired === MASKED) return `${change.path}: changed ${MASKED}`;
  return `${change.path}: ${describeValue(change.live)} → ${describeValue(change.desired)}`;
}

function describeValue(value: JsonValue | undefined): string {
  if (value === undefined) return '(absent)';
  return shorten(typeof value === 'string' ? value : stringifyJson(value), VALUE_LENGTH);
}

/** The field manager, which is a program and not a person; or why nobody can be named. */
export function describeActor(record: Pick<ObjectRecord, 'actor' | 'changes' | 'class' | 'kind' | 'revision'>): string {
  if (record.kind === 'image') return '-';
  if (record.kind === 'rollout') return `Git ${shortRevision(record.revision)}`;
  const { actor } = record;
  if (actor?.user !== undefined) return `${actor.user} (${actor.manager})`;
  if (actor !== undefined && actor.manager !== 'unknown') return actor.manager;
  const removed = record.class === 'missing' || record.changes.some((change) => change.live === undefined);
  return removed ? 'unknown (removed; needs audit logs)' : 'unknown (needs audit logs)';
}

function correctedIn(record: ObjectRecord): string {
  if (record.correctedAt === undefined) return '-';
  return describeDuration(record.durationMs ?? Date.parse(record.correctedAt) - Date.parse(record.at));
}

function decisionTone(record: ObjectRecord): Tone {
  switch (record.decision) {
    case 'corrected':
    case 'applied':
      return 'good';
    case 'failed':
    case 'refused':
      return 'bad';
    default:
      return record.resolvedAt === undefined ? 'warning' : 'plain';
  }
}

function outcomeTone(outcome: string): Tone {
  if (outcome === 'in-sync' || outcome === 'corrected') return 'good';
  return outcome === 'failed' ? 'bad' : 'warning';
}
