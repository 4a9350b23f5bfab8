import type { Colors } from './colors.ts';
import { type ClusterStatus, describeVerified, type StatusWord } from './describe-status.ts';
import { type Cell, cell, formatTable, type Tone } from './table.ts';
import { shortRevision } from './text.ts';

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

/** One line a cluster; what is wrong with it, and what to do, beneath. */
export function formatStatus(statuses: readonly ClusterStatus[], colors: Colors): string {
  const rows = statuses.map((status) => ({
    cells: [
      cell(status.cluster),
      cell(status.mode ?? '-'),
      cell(status.revision === undefined ? '-' : shortRevision(status.revision)),
      cell(status.status, TONES[status.status]),
      cell(String(status.open), status.open > 0 ? 'warning' : 'plain'),
      cell(describeVerified(status)),
    ],
    beneath: notes(status),
  }));
  return formatTable(['CLUSTER', 'MODE', 'REVISION', 'STATUS', 'OPEN', 'VERIFIED'], rows, colors);
}

function notes(status: ClusterStatus): readonly Cell[] {
  return [
    ...(status.suspendedUntil === undefined
      ? []
      : [cell(`suspended until ${status.suspendedUntil}: ${status.suspendedReason ?? 'no reason given'}`, 'quiet')]),
    ...(status.failure === undefined ? [] : [cell(status.failure.message, 'bad')]),
    ...(status.sourceFailure === undefined ? [] : [cell(`Git is not followed: ${status.sourceFailure.message}`, 'bad')]),
  ];
}
