import type { Command } from 'commander';
import type { ClusterRow } from '../fleet/cluster.ts';
import { describeObject } from '../manifests/object.ts';
import type { PrunedObject } from '../reconcile/index.ts';
import { credentialsSecretName } from './cluster-secret.ts';
import type { CommandRun } from './context.ts';
import type { Deployment } from './deployment.ts';
import type { DefineCommand } from './leaf-command.ts';
import { getCluster, requireRow } from './select-clusters.ts';
import { count, printable } from './text.ts';

export function clusterRemoveCommand(define: DefineCommand): Command {
  return define(
    {
      usage: 'remove <cluster>',
      description:
        'Removes a cluster’s row, what is known of it, and credentials that `cluster add` stored. Its objects stay in the cluster, unless --prune deletes those that the row has applied.',
      examples: [
        ['cluster remove prod-eu', 'forgets the cluster and leaves its objects alone'],
        ['cluster remove prod-eu --prune', 'deletes what was applied there, as far as no guard holds it back, and forgets the cluster'],
      ],
    },
    async (run, [name = ''], options) => {
      const deployment = await run.deployment();
      const entry = await getCluster(deployment.clusters, name, run.signal);
      const pruned = options.prune === true ? await pruneFirst(requireRow(entry), deployment, run) : undefined;
      if (pruned?.some(({ action }) => action === 'error') === true) {
        run.output.lines([
          ...pruned.map((each) => ({ cluster: name, ...each })),
          { cluster: name, removed: false, credentialsDeleted: false },
        ]);
        run.output.text(
          () => `${describePruned(pruned)}${name} is not removed, since not all could be deleted; its mode is off. Try again.\n`,
        );
        return 1;
      }
      const secretName = credentialsSecretName(deployment.name, name);
      const ours = 'row' in entry && entry.row.connection.type === 'endpoint' && entry.row.connection.clusterSecret === secretName;
      // The row goes first: without it no tick begins a run that would write the state again.
      await deployment.clusters.delete(name);
      await closeRecords(deployment, name, run.clock.now(), run.signal);
      await deployment.state.delete(name);
      if (ours) await deployment.deleteCredentials(secretName);
      run.output.lines([
        ...(pruned ?? []).map((each) => ({ cluster: name, ...each })),
        { cluster: name, removed: true, credentialsDeleted: ours },
      ]);
      run.output.text(
        () =>
          `${pruned === undefined ? '' : describePruned(pruned)}${name} is removed. ${pruned === undefined ? OBJECTS_STAY : KEPT_STAY} its open records are closed, and all of them are kept until they expire.\n${
            ours ? `The secret ${secretName} is deleted.\n` : ''
          }`,
      );
      return 0;
    },
    (command) => command.option('--prune', 'delete the objects that the row has applied, as far as no guard holds them back'),
  );
}

const OBJECTS_STAY = 'Its objects are still in the cluster, unchanged and no longer watched;';
const KEPT_STAY = 'What is kept is no longer watched;';

/** The row is off meanwhile, so that no tick puts back what is deleted. */
async function pruneFirst(row: ClusterRow, deployment: Deployment, run: CommandRun): Promise<readonly PrunedObject[]> {
  await deployment.clusters.update(row.cluster, { mode: 'off' }, []);
  try {
    return await run.progress(`deleting the objects of ${row.cluster}`, () => deployment.prune(row, run.abandon, run.signal));
  } catch (error) {
    await deployment.clusters.update(row.cluster, { mode: row.mode }, []);
    throw error;
  }
}

function describePruned(pruned: readonly PrunedObject[]): string {
  const left = pruned.filter(({ action }) => action !== 'delete');
  const lines = left.map(({ object, action, error }) =>
    printable(`  ${action === 'keep' ? '=' : '!'} ${error?.message ?? describeObject(object)}`),
  );
  return `${[`${count(pruned.length - left.length, 'object')} deleted, ${left.length} left`, ...lines].join('\n')}\n`;
}

/** Nobody looks at them any more: left open, they would be counted for ever. */
async function closeRecords({ records }: Deployment, cluster: string, now: Date, signal: AbortSignal): Promise<void> {
  for (const open of await records.listOpen(cluster, signal)) {
    await records.transition({ ...open, event: 'resolved', sequence: open.sequence + 1, resolvedAt: now.toISOString() });
  }
}
