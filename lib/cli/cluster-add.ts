import type { Command } from 'commander';
import type { ClusterRow } from '../fleet/cluster.ts';
import { describeAccess, type RequiredAccess } from './cluster-access.ts';
import { connectionOptions, readConnection } from './cluster-connection.ts';
import type { CommandRun } from './context.ts';
import type { Check, Deployment } from './deployment.ts';
import { UsageError } from './errors.ts';
import type { DefineCommand } from './leaf-command.ts';
import type { RowItem } from './row-item.ts';
import { requireItem } from './select-clusters.ts';
import type { Screen } from './terminal.ts';
import { printable, wrap } from './text.ts';

/** Options that are attributes of the row under another name. */
const ROW_OPTIONS: readonly (readonly [option: string, attribute: string])[] = [
  ['repo', 'repository'],
  ['path', 'path'],
  ['branch', 'branch'],
  ['gitSecret', 'credentialsSecret'],
  ['mode', 'mode'],
  ['interval', 'interval'],
];

export function clusterAddCommand(define: DefineCommand): Command {
  return define(
    {
      usage: 'add <cluster>',
      description:
        'Registers a cluster, and checks from this machine whether Git and the API server can be reached. Observes only, unless --mode says else.',
      examples: [
        [
          'cluster add prod-eu --repo https://github.com/acme/fleet.git --path clusters/prod-eu --eks prod-eu --region eu-west-1',
          'registers a cluster on EKS, and prints the access entry and the ClusterRole that it needs',
        ],
        [
          'cluster add lab --repo https://github.com/acme/fleet.git --path clusters/lab --kubeconfig ~/.kube/config --context lab',
          'registers any cluster; its credentials go to Secrets Manager',
        ],
      ],
      ownRegion: true,
    },
    async (run, [name = ''], options) => {
      const connection = await readConnection(run.directory, options);
      const { attributes, secret } = connection(run.options.stack, name);
      const item = { cluster: name, ...rowAttributes(options), ...attributes };
      const row = await requireItem(item, 'Nothing was registered.');
      const deployment = await run.deployment();
      if ((await deployment.clusters.get(name, run.signal)) !== undefined) {
        throw new UsageError(
          `cluster ${name}: it is registered already. Change it with \`plumbline cluster set ${name}\`, or give another name.`,
        );
      }
      // Before the row: a tick could read the row at once, and would find no secret.
      if (secret !== undefined) await deployment.storeCredentials(secret.name, secret.credentials);
      await deployment.clusters.put(item, { replace: false });
      const checks = await check(run, deployment, row);
      const access = await describeAccess(row, deployment.reconcileRoleArn);
      run.output.lines([{ ...row, checks, ...(access === undefined ? {} : { access: access.commands }) }]);
      run.output.text(() => {
        const parts = [describeAdded(row, run.terminal), describeChecks(checks, run.terminal)];
        return [...parts, ...(access === undefined ? [] : [describeRequired(access, checks, run.terminal)])].join('\n');
      });
      return 0;
    },
    (command) =>
      connectionOptions(
        command
          .option('--repo <url>', 'HTTPS URL of the repository')
          .option('--path <folder>', 'folder in the repository (default: its root)')
          .option('--branch <reference>', 'branch, tag or full commit id (default: main)')
          .option('--git-secret <name>', 'secret with a token for the repository: {"token": …}')
          .option('--mode <mode>', 'observe, enforce or off (default: observe)')
          .option('--interval <duration>', 'how often, at least 1m (default: 1m)'),
      ),
  );
}

function rowAttributes(options: Readonly<Record<string, unknown>>): RowItem {
  if (options.repo === undefined)
    throw new UsageError('cluster add: --repo is missing. Give the HTTPS URL of the repository that the cluster follows.');
  return Object.fromEntries(
    ROW_OPTIONS.flatMap(([option, attribute]) => (options[option] === undefined ? [] : [[attribute, String(options[option])]])),
  );
}

async function check(run: CommandRun, deployment: Deployment, row: ClusterRow): Promise<readonly Check[]> {
  return await run.progress('checking from here', async (progress) => {
    progress.update(`checking ${row.repository} from here`);
    const git = await deployment.checkRepository(row, run.signal);
    progress.update(`checking the API server of ${row.cluster} from here`);
    return [git, ...(await deployment.checkCluster(row, run.signal))];
  });
}

function describeAdded(row: ClusterRow, screen: Screen): string {
  const mode =
    row.mode === 'observe' ? 'observed: nothing is written to it' : row.mode === 'enforce' ? 'enforced: drift is corrected' : 'off';
  const source = `The next tick reads ${row.path} of ${row.repository} at ${row.branch}.`;
  return `${[`${row.cluster} is registered, ${mode}.`, ...wrap(printable(source), screen.columns)].join('\n')}\n`;
}

/** How far the text of a check is from the left. */
const CHECK_INDENT = 10;

function describeChecks(checks: readonly Check[], { colors, columns }: Screen): string {
  const lines = checks.flatMap(({ check, ok, detail, remedy }) => {
    const text = [
      printable(detail.startsWith(`${check} `) ? detail : `${check}: ${detail}`),
      ...(ok || remedy === undefined ? [] : [printable(remedy)]),
    ];
    const [first = '', ...rest] = text.flatMap((part) => wrap(part, columns - CHECK_INDENT));
    const verdict = ok ? colors.green('ok') : colors.red('failed');
    return [`  ${verdict}${' '.repeat(ok ? 6 : 2)}${first}`, ...rest.map((line) => `${' '.repeat(CHECK_INDENT)}${line}`)];
  });
  return `Checked from here; the functions may reach other things than this machine does:\n${lines.join('\n')}\n`;
}

function describeRequired({ steps, commands }: RequiredAccess, checks: readonly Check[], { columns }: Screen): string {
  const done = checks.every(({ ok }) => ok) ? ' The checks above passed, so some of it seems to be done already.' : '';
  const intro = wrap(`An administrator of the cluster does this once; the commands for it are below.${done}`, columns);
  const numbered = steps.flatMap((step, index) =>
    wrap(printable(step), columns - 5).map((line, part) => `  ${part === 0 ? `${index + 1}.` : '  '} ${line}`),
  );
  return `${[...intro, ...numbered].join('\n')}\n\n${commands}`;
}
