import { rolloutLines, rolloutsCell } from './describe-rollouts.ts';
import { type ClusterStatus, describeVerified, type StatusWord } from './describe-status.ts';
import { describeDuration } from './duration.ts';
import { describeMoment, describeZone } from './moment.ts';
import { cell, formatTable, type Line, sentence, type Tone } from './table.ts';
import type { Screen } from './terminal.ts';
import { count, shortRevision } from './text.ts';

const TONES: Readonly<Record<StatusWord, Tone>> = {
  'in sync': 'good',
  drifting: 'warning',
  blocked: 'warning',
  failing: 'bad',
  suspended: 'quiet',
  off: 'quiet',
  unknown: 'bad',
  'never run': 'warning',
};

const COLUMNS = [
  { heading: 'CLUSTER', flexible: true },
  { heading: 'MODE' },
  { heading: 'STATUS' },
  { heading: 'ROLLOUTS' },
  { heading: 'VERIFIED' },
  { heading: 'OBJECTS' },
  { heading: 'OPEN' },
  { heading: 'REVISION', flexible: true },
];

/** One line a cluster; what is wrong with it, and what to do, beneath. */
export function formatStatus(statuses: readonly ClusterStatus[], now: Date, screen: Screen): string {
  const rows = statuses.map((status) => ({
    cells: [
      cell(status.cluster),
      cell(status.mode ?? '-'),
      cell(status.status, TONES[status.status]),
      rolloutsCell(status.rollouts),
      cell(describeVerified(status)),
      cell(status.objects === undefined ? '-' : String(status.objects)),
      cell(String(status.open), status.open > 0 ? 'warning' : 'plain'),
      cell(status.revision === undefined ? '-' : shortRevision(status.revision)),
    ],
    beneath: notes(status, now, screen),
  }));
  return formatTable(COLUMNS, rows, screen);
}

function notes(status: ClusterStatus, now: Date, screen: Screen): readonly Line[] {
  const { failure, sourceFailure, suspendedUntil, nextAttemptAt } = status;
  const millisecondsUntil = (moment: string) => Date.parse(moment) - now.getTime();
  const lines: Line[] = [];
  if (suspendedUntil !== undefined) {
    const until = `${describeMoment(suspendedUntil, now, screen)} (${describeZone(now, screen)})`;
    const reason = status.suspendedReason ?? 'no reason given';
    lines.push(
      ...sentence(`suspended for ${describeDuration(millisecondsUntil(suspendedUntil))}, until ${until}: ${reason}`, 'quiet', screen),
    );
  }
  if (failure !== undefined) lines.push(...sentence(failure.message, 'bad', screen));
  if (sourceFailure !== undefined) lines.push(...sentence(`Git is not followed: ${sourceFailure.message}`, 'bad', screen));
  if (failure !== undefined && nextAttemptAt !== undefined && millisecondsUntil(nextAttemptAt) > 0) {
    lines.push(...sentence(`tried again in ${describeDuration(millisecondsUntil(nextAttemptAt))}`, 'quiet', screen));
  }
  lines.push(...rolloutLines(status.cluster, status.rollouts, now, screen));
  if (status.open > 0) {
    const held = status.held === undefined ? '' : `, ${status.held} held`;
    const backedOff = status.backedOff === undefined ? '' : `, ${status.backedOff} left to a rival`;
    lines.push(
      ...sentence(`${count(status.open, 'open record')}${held}${backedOff}: plumbline records ${status.cluster} --open`, 'quiet', screen),
    );
  }
  return lines;
}
