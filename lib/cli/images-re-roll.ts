import type { Command } from 'commander';
import { UsageError } from './errors.ts';
import type { DefineCommand } from './leaf-command.ts';
import { getCluster, requireRow } from './select-clusters.ts';

const KINDS = ['Deployment', 'StatefulSet', 'DaemonSet'] as const;

export function imagesReRollCommand(define: DefineCommand): Command {
  return define(
    {
      usage: 're-roll <cluster> <kind> <workload>',
      description:
        'Restarts a workload whose pods run other bytes than Git means, through its template. It does so at most every ten minutes, and not where that would take down more pods than a PodDisruptionBudget lets go.',
      examples: [['images re-roll prod-eu Deployment shop/web', 'makes its pods anew from the image that Git names']],
    },
    async (run, [name = '', kindText = '', workload = '']) => {
      const { rerollWorkload } = await import('../images/index.ts');
      const kind = KINDS.find((one) => one.toLowerCase() === kindText.toLowerCase());
      if (kind === undefined) throw new UsageError(`kind ${kindText}: it cannot be restarted. Accepted: ${KINDS.join(', ')}.`);
      const slash = workload.indexOf('/');
      if (slash <= 0) throw new UsageError(`workload ${workload}: write it as NAMESPACE/NAME.`);
      const deployment = await run.deployment();
      const row = requireRow(await getCluster(deployment.clusters, name, run.signal));
      const artifact = await deployment.desired(row, { type: 'artifact' }, run.signal);
      const target = { kind, namespace: workload.slice(0, slash), name: workload.slice(slash + 1) };
      const { pods, details, leases } = deployment.images;
      const deps = { ...pods, details, leases, owner: 'plumbline images re-roll', fieldManager: `image-reroll-${deployment.name}` };
      const at = await run.progress(`restarting ${workload}`, () => rerollWorkload({ row, artifact }, target, deps, run.signal));
      run.output.lines([{ cluster: row.cluster, ...target, restartedAt: at }]);
      run.output.text(() => `${kind} ${workload} restarts through its template.\n`);
      return 0;
    },
  );
}
