import type { Command } from 'commander';
import type { ClusterConnection, ClusterEntry, ClusterRow, ClusterState } from '../fleet/cluster.ts';
import { isSuspended } from '../fleet/plan-tick.ts';
import { withDegraded } from './describe-rollouts.ts';
import { describeStatus } from './describe-status.ts';
import { describeDuration } from './duration.ts';
import { untoldRuns, withUntoldRun } from './last-runs.ts';
import type { DefineCommand } from './leaf-command.ts';
import { rowItem } from './row-item.ts';
import { getCluster } from './select-clusters.ts';
import { formatStatus } from './status-table.ts';
import { type Cell, cell, formatTable, sentence } from './table.ts';
import type { Screen } from './terminal.ts';
import { printable, shortRevision, wrap } from './text.ts';

export function clusterListCommand(define: DefineCommand): Command {
  return define(
    {
      usage: 'list',
      description: 'The registered clusters, as the table has them. Exit status 1 when a row cannot be used.',
      examples: [['cluster list --json', 'prints a JSON line a row']],
    },
    async (run) => {
      const { clusters } = await run.deployment();
      const entries = await clusters.list(run.signal);
      run.output.lines(entries.map(clusterLine));
      run.output.text(() =>
        entries.length === 0
          ? 'No cluster is registered. Register one with `plumbline cluster add`.\n'
          : formatClusters(entries, run.clock.now(), run.terminal),
      );
      return entries.some((entry) => 'invalid' in entry) ? 1 : 0;
    },
  );
}

export function clusterShowCommand(define: DefineCommand): Command {
  return define(
    {
      usage: 'show <cluster>',
      description: 'One row with every setting, and what is known of the cluster.',
      examples: [['cluster show prod-eu', 'shows the row and its status']],
    },
    async (run, [name = '']) => {
      const { clusters, state, records } = await run.deployment();
      const entry = await getCluster(clusters, name, run.signal);
      const known = await state.get(name, run.signal);
      const now = run.clock.now();
      const untold = known === undefined ? undefined : (await untoldRuns([known], records, run.signal)).get(name);
      const status = await withDegraded(describeStatus(entry, withUntoldRun(known, untold), now), records, run.signal);
      run.output.lines([{ ...clusterLine(entry), ...(known === undefined ? {} : { state: known }), status }]);
      run.output.text(() => {
        const settings = [...('row' in entry ? describeRow(entry.row) : []), ...(known === undefined ? [] : describeKnown(known))];
        return `${formatStatus([status], now, run.terminal)}${settings.length === 0 ? '' : '\n'}${formatSettings(settings, run.terminal)}`;
      });
      return 'invalid' in entry ? 1 : 0;
    },
  );
}

/** One line of `cluster list --json`: the parsed row, or why it is none. */
function clusterLine(entry: ClusterEntry): object {
  return 'row' in entry ? entry.row : entry;
}

const COLUMNS = [
  { heading: 'CLUSTER', flexible: true },
  { heading: 'MODE', flexible: true },
  { heading: 'EVERY' },
  { heading: 'REACHED BY', flexible: true },
  { heading: 'FOLLOWS', flexible: true },
];

function formatClusters(entries: readonly ClusterEntry[], now: Date, screen: Screen): string {
  const rows = entries.map((entry) => {
    if ('invalid' in entry)
      return { cells: [cell(entry.cluster), cell('invalid', 'bad')], beneath: sentence(entry.invalid.message, 'bad', screen) };
    const { row } = entry;
    return {
      cells: [
        cell(row.cluster),
        modeCell(row, now),
        cell(describeDuration(row.intervalSeconds * 1000)),
        cell(describeConnection(row.connection)),
        cell(`${row.path} at ${shortRevision(row.branch)} of ${row.repository}`),
      ],
    };
  });
  return formatTable(COLUMNS, rows, screen);
}

function modeCell(row: ClusterRow, now: Date): Cell {
  return isSuspended(row, now) ? cell(`${row.mode} (suspended)`, 'warning') : cell(row.mode);
}

export function describeConnection(connection: ClusterConnection): string {
  return connection.type === 'eks' ? `EKS ${connection.eksName}, ${connection.region}` : connection.endpoint;
}

type Setting = readonly [name: string, value: string];

/** Under the names that `cluster set` takes. */
function describeRow(row: ClusterRow): readonly Setting[] {
  const { cluster: _, certificateAuthority, ...attributes } = rowItem(row);
  const settings = { ...attributes, ...(certificateAuthority === undefined ? {} : { certificateAuthority: '(set)' }) };
  return Object.entries(settings).map(([name, value]) => [name, String(value)]);
}

/** What was found out, which nobody sets. */
function describeKnown(state: ClusterState): readonly Setting[] {
  const names = ['clusterUid', 'serverVersion', 'desiredArtifact', 'appliedArtifact', 'lastRunAt'] as const;
  return names.flatMap((name) => (state[name] === undefined ? [] : [[name, state[name]] as const]));
}

function formatSettings(settings: readonly Setting[], { columns }: Screen): string {
  const width = Math.max(0, ...settings.map(([name]) => name.length)) + 2;
  const lines = settings.flatMap(([name, value]) =>
    wrap(printable(value), columns - width).map((line, index) => `${(index === 0 ? name : '').padEnd(width)}${line}\n`),
  );
  return lines.join('');
}
