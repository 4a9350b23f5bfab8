import type { Command } from 'commander';
import type { ClusterConnection, ClusterEntry, ClusterRow } from '../fleet/cluster.ts';
import { isSuspended } from '../fleet/plan-tick.ts';
import type { Colors } from './colors.ts';
import { describeStatus } from './describe-status.ts';
import { describeDuration } from './duration.ts';
import type { DefineCommand } from './leaf-command.ts';
import { getCluster } from './select-clusters.ts';
import { formatStatus } from './status-table.ts';
import { type Cell, cell, formatTable } from './table.ts';
import { printable, shortRevision } from './text.ts';

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
          : formatClusters(entries, run.clock.now(), run.terminal.colors),
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
      const { clusters, state } = await run.deployment();
      const entry = await getCluster(clusters, name, run.signal);
      const known = await state.get(name, run.signal);
      const status = describeStatus(entry, known, run.clock.now());
      run.output.lines([{ ...clusterLine(entry), ...(known === undefined ? {} : { state: known }), status }]);
      run.output.text(() => {
        const settings = 'row' in entry ? describeRow(entry.row) : [];
        const uid: readonly Setting[] = known?.clusterUid === undefined ? [] : [['clusterUid', known.clusterUid]];
        const version: readonly Setting[] = known?.serverVersion === undefined ? [] : [['serverVersion', known.serverVersion]];
        return `${formatStatus([status], run.terminal.colors)}\n${formatSettings([...settings, ...uid, ...version])}`;
      });
      return 'invalid' in entry ? 1 : 0;
    },
  );
}

/** One line of `cluster list --json`: the parsed row, or why it is none. */
function clusterLine(entry: ClusterEntry): object {
  return 'row' in entry ? entry.row : entry;
}

function formatClusters(entries: readonly ClusterEntry[], now: Date, colors: Colors): string {
  const rows = entries.map((entry) => {
    if ('invalid' in entry) return { cells: [cell(entry.cluster), cell('invalid', 'bad')], beneath: [cell(entry.invalid.message, 'bad')] };
    const { row } = entry;
    return {
      cells: [
        cell(row.cluster),
        modeCell(row, now),
        cell(describeConnection(row.connection)),
        cell(row.repository),
        cell(shortRevision(row.branch)),
        cell(row.path),
        cell(describeDuration(row.intervalSeconds * 1000)),
      ],
    };
  });
  return formatTable(['CLUSTER', 'MODE', 'REACHED BY', 'REPOSITORY', 'BRANCH', 'PATH', 'INTERVAL'], rows, colors);
}

function modeCell(row: ClusterRow, now: Date): Cell {
  return isSuspended(row, now) ? cell(`${row.mode} (suspended)`, 'warning') : cell(row.mode);
}

export function describeConnection(connection: ClusterConnection): string {
  return connection.type === 'eks' ? `EKS ${connection.eksName} in ${connection.region}` : connection.endpoint;
}

type Setting = readonly [name: string, value: string];

function describeRow(row: ClusterRow): readonly Setting[] {
  const { connection, labels, ...rest } = row;
  const reached = connection.type === 'eks' ? connection : { ...connection, certificateAuthority: '(set)' };
  const settings = {
    ...rest,
    ...reached,
    labels: Object.entries(labels)
      .map(([key, value]) => `${key}=${value}`)
      .join(','),
  };
  return Object.entries(settings)
    .filter(([name, value]) => name !== 'cluster' && name !== 'type' && value !== '' && value !== undefined)
    .map(([name, value]) => [name, String(value)]);
}

function formatSettings(settings: readonly Setting[]): string {
  const width = Math.max(0, ...settings.map(([name]) => name.length));
  return settings.map(([name, value]) => `${name.padEnd(width)}  ${printable(value)}\n`).join('');
}
