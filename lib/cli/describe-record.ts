import type { Failure } from '../errors.ts';
import { describeObject } from '../manifests/object.ts';
import type { ObjectRecord, PlumblineRecord, RunOutcome, RunRecord } from '../records/record.ts';
import { describeChange } from './describe-change.ts';
import { describeOutcome } from './describe-outcome.ts';
import { describeMoment, describeMoments, describeZone } from './moment.ts';
import { type Cell, cell, formatTable, type Line, noteWidth, type Row, sentence, type Tone } from './table.ts';
import type { Screen } from './terminal.ts';
import { count, shortDigests, shortRevision } from './text.ts';

const CHANGES_SHOWN = 8;

/** The records for people, in the order given: a line each, and beneath it what changed, what became of it, and what went wrong. */
export function formatRecords(records: readonly PlumblineRecord[], now: Date, screen: Screen): string {
  const columns = [
    { heading: `WHEN (${describeZone(now, screen)})` },
    { heading: 'CLUSTER', flexible: true },
    { heading: 'OBJECT', flexible: true },
    { heading: 'KIND/CLASS' },
    { heading: 'WHO', flexible: true },
    { heading: 'DECISION' },
  ];
  const rows = records.map((record) => (record.kind === 'run' ? runRow(record, now, screen) : objectRow(record, now, screen)));
  return formatTable(columns, rows, screen);
}

function objectRow(record: ObjectRecord, now: Date, screen: Screen): Row {
  const { who, why } = describeActor(record);
  const outcome = describeOutcome(record, now);
  return {
    cells: [
      cell(describeMoment(record.at, now, screen)),
      cell(record.cluster),
      cell(describeObject(record.object), 'strong'),
      cell(`${record.kind}/${record.class}`),
      cell(who),
      decisionCell(record),
    ],
    beneath: [
      ...(record.kind === 'image' && record.error !== undefined ? [] : describeChanges(record, screen)),
      ...(why === undefined ? [] : sentence(`who: ${who} (${why})`, 'quiet', screen)),
      ...(record.error === undefined ? [] : sentence(describeMessage(record.error, now, screen), errorTone(record), screen)),
      ...(outcome === undefined ? [] : sentence(outcome.text, outcome.tone ?? 'plain', screen)),
    ],
  };
}

function runRow(record: RunRecord, now: Date, screen: Screen): Row {
  const sums = describeSums(record);
  return {
    cells: [
      cell(describeMoment(record.at, now, screen)),
      cell(record.cluster),
      cell(count(record.objects, 'object')),
      cell('run'),
      cell('-'),
      cell(record.outcome, outcomeTone(record.outcome)),
    ],
    beneath: [
      ...(sums.length === 0 ? [] : sentence(sums.join(', '), 'plain', screen)),
      ...(record.error === undefined ? [] : sentence(describeMessage(record.error, now, screen), 'bad', screen)),
    ],
  };
}

/** What a run found and did, in numbers; nothing of what there was none of. */
export function describeSums(run: Pick<RunRecord, 'drifted' | 'corrected' | 'created' | 'failed'>): readonly string[] {
  const sums = (['drifted', 'corrected', 'created', 'failed'] as const).filter((name) => run[name] > 0);
  return sums.map((name) => `${run[name]} ${name}`);
}

/** The message of a failure or finding, with digests and moments as people read them. */
export function describeMessage({ message }: Failure, now: Date, screen: Screen): string {
  return describeMoments(shortDigests(message), now, screen);
}

/** The lines of the paths that differ; of many only the first. */
export function describeChanges({ changes }: Pick<ObjectRecord, 'changes'>, screen: Screen): readonly Line[] {
  const shown = changes.slice(0, CHANGES_SHOWN);
  const rest = changes.length - shown.length;
  const lines = shown.flatMap((change) => describeChange(change, noteWidth(screen)));
  return rest > 0 ? [...lines, ...sentence(`and ${count(rest, 'more path')} (--json has all)`, 'quiet', screen)] : lines;
}

/** The field manager, which is a program and not a person; or why nobody can be named. */
export function describeActor(record: Pick<ObjectRecord, 'actor' | 'changes' | 'class' | 'kind' | 'revision'>): {
  readonly who: string;
  readonly why?: string;
} {
  const { actor, kind } = record;
  if (kind === 'image') return { who: '-' };
  if (kind === 'rollout' || kind === 'prune') return { who: `Git ${shortRevision(record.revision)}` };
  if (actor?.user !== undefined) return { who: `${actor.user} (${actor.manager})` };
  if (actor !== undefined && actor.manager !== 'unknown') return { who: actor.manager };
  const removed = record.class === 'missing' || record.changes.some((change) => change.live === undefined);
  return { who: 'unknown', why: removed ? 'removed; needs audit logs' : 'needs audit logs' };
}

function decisionCell(record: ObjectRecord): Cell {
  const verified = record.kind === 'rollout' && record.verifiedAt !== undefined;
  return cell(verified ? `${record.decision}, verified` : record.decision, decisionTone(record));
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

/** What an image finding says is not a failure of ours. */
function errorTone(record: ObjectRecord): Tone {
  return record.decision === 'reported' ? 'plain' : 'bad';
}

export function outcomeTone(outcome: RunOutcome): Tone {
  if (outcome === 'in-sync' || outcome === 'corrected') return 'good';
  return outcome === 'failed' ? 'bad' : 'warning';
}
