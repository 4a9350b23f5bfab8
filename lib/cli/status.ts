import type { Command } from 'commander';
import { withDegraded } from './describe-rollouts.ts';
import { describeStatus, statusExit } from './describe-status.ts';
import { untoldRuns, withUntoldRun } from './last-runs.ts';
import type { DefineCommand } from './leaf-command.ts';
import { selectClusters } from './select-clusters.ts';
import { formatStatus } from './status-table.ts';

export function statusCommand(define: DefineCommand): Command {
  return define(
    {
      usage: 'status [cluster...]',
      description:
        'One line a cluster: verdict, how its rollouts do, how old the verification is. Exit status 2 when something differs or does not work, 1 when something fails.',
      examples: [
        ['status', 'shows every cluster'],
        ['status prod-eu', 'shows one cluster, and of what does not work there why'],
        ['status prod-eu --json', 'prints one cluster as a JSON line'],
      ],
    },
    async (run, names) => {
      const deployment = await run.deployment();
      const now = run.clock.now();
      const statuses = await run.progress('reading what is known of the clusters', async () => {
        const shown = await selectClusters(deployment.clusters, names, run.signal);
        const known = new Map((await deployment.state.list(run.signal)).map((state) => [state.cluster, state]));
        const ofShown = shown.flatMap(({ cluster }) => known.get(cluster) ?? []);
        const untold = await untoldRuns(ofShown, deployment.records, run.signal);
        const described = shown.map((entry) =>
          describeStatus(entry, withUntoldRun(known.get(entry.cluster), untold.get(entry.cluster)), now),
        );
        // Of a whole fleet the numbers are enough.
        if (names.length === 0) return described;
        return await Promise.all(described.map((status) => withDegraded(status, deployment.records, run.signal)));
      });
      run.output.lines(statuses);
      run.output.text(() =>
        statuses.length === 0
          ? 'No cluster is registered. Register one with `plumbline cluster add`.\n'
          : formatStatus(statuses, now, run.terminal),
      );
      return statusExit(statuses);
    },
  );
}
