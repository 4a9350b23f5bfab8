import type { Command } from 'commander';
import { credentialsSecretName } from './cluster-secret.ts';
import type { Deployment } from './deployment.ts';
import type { DefineCommand } from './leaf-command.ts';
import { getCluster } from './select-clusters.ts';

export function clusterRemoveCommand(define: DefineCommand): Command {
  return define(
    {
      usage: 'remove <cluster>',
      description:
        'Removes a cluster’s row, what is known of it, and credentials that `cluster add` stored. Its objects stay in the cluster.',
      examples: [['cluster remove prod-eu', 'forgets the cluster and leaves its objects alone']],
    },
    async (run, [name = '']) => {
      const deployment = await run.deployment();
      const entry = await getCluster(deployment.clusters, name, run.signal);
      const secretName = credentialsSecretName(deployment.name, name);
      const ours = 'row' in entry && entry.row.connection.type === 'endpoint' && entry.row.connection.clusterSecret === secretName;
      // The row goes first: without it no tick begins a run that would write the state again.
      await deployment.clusters.delete(name);
      await closeRecords(deployment, name, run.clock.now(), run.signal);
      await deployment.state.delete(name);
      if (ours) await deployment.deleteCredentials(secretName);
      run.output.lines([{ cluster: name, removed: true, credentialsDeleted: ours }]);
      run.output.text(
        () =>
          `${name} is removed. Its objects are still in the cluster, unchanged and no longer watched; its open records are closed, and all of them are kept until they expire.\n${
            ours ? `The secret ${secretName} is deleted.\n` : ''
          }`,
      );
      return 0;
    },
  );
}

/** Nobody looks at them any more: left open, they would be counted for ever. */
async function closeRecords({ records }: Deployment, cluster: string, now: Date, signal: AbortSignal): Promise<void> {
  for (const open of await records.listOpen(cluster, signal)) {
    await records.transition({ ...open, event: 'resolved', sequence: open.sequence + 1, resolvedAt: now.toISOString() });
  }
}
