import type { ApiClient } from '../../../../lib/kubernetes/index.ts';
import { parseJson, stringifyJson } from '../../../../lib/manifests/json.ts';
import { describeObject, objectIdOf } from '../../../../lib/manifests/object.ts';
import type { ReconciledCluster } from '../../kinds/reconciled-cluster.ts';
import { restore } from '../../verdict/restore.ts';

const signal = (): AbortSignal => AbortSignal.timeout(10_000);

/**
 * Has the engine correct what it sees, and leaves nothing open, so that the next verdicts rest on the checkpoint again. Resolves to what it
 * has seen. That several editors set one field again and again is no fight: each batch is the first one that the engine hears of them.
 */
export async function settle(cluster: ReconciledCluster, admin: ApiClient): Promise<ReadonlySet<string>> {
  const { row, stores } = cluster;
  const records = [...(await restore(cluster))];
  const decided = await decideForPeople(cluster, admin);
  if ((await endDeletions(cluster)) || decided) records.push(...(await cluster.reconcile()).objects);
  await stores.state.update(row.cluster, { contested: null });
  return new Set(records.filter((record) => record.class !== 'health').map(({ object }) => describeObject(object)));
}

/** Fields of programs that nobody has classified become those of a person, who is taken over. */
async function decideForPeople({ row, stores, identity }: ReconciledCluster, admin: ApiClient): Promise<boolean> {
  const open = (await stores.records.listOpen(row.cluster)).filter((record) => record.class === 'unclassified-field');
  const discovery = await admin.discover(signal());
  for (const { object, actor } of open) {
    const lookup = discovery.lookup(object.apiVersion, object.kind);
    const live = 'found' in lookup ? await admin.get(lookup.found, object, signal()) : undefined;
    if (live === undefined || !('found' in lookup)) continue;
    const undecided = actor?.manager.split(', ') ?? [];
    const entries = (live.metadata.managedFields ?? []).map((entry) => {
      const { manager = '', operation } = entry;
      const isOurs = manager === identity.fieldManager && operation === 'Apply';
      return isOurs || !undecided.includes(manager) ? entry : { ...entry, manager: `kubectl-${manager}`, operation: 'Update' };
    });
    const operations = [{ op: 'replace', path: '/metadata/managedFields', value: parseJson(stringifyJson(entries)) }] as const;
    await admin.patch(lookup.found, objectIdOf(live), operations, { fieldManager: 'somebody', dryRun: false }, signal());
  }
  return open.length > 0;
}

/** There is no controller here that would let go of what is being deleted. */
async function endDeletions({ row, stores, kubectl }: ReconciledCluster): Promise<boolean> {
  const open = (await stores.records.listOpen(row.cluster)).filter((record) => record.class === 'terminating');
  for (const { object } of open) {
    const scope = object.namespace === '' ? [] : ['--namespace', object.namespace];
    await kubectl(['patch', object.kind, object.name, ...scope, '--type=merge', '--patch', '{"metadata":{"finalizers":null}}']);
  }
  return open.length > 0;
}
