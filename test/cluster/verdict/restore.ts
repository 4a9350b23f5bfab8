import { describeObject } from '../../../lib/manifests/object.ts';
import type { ObjectRecord } from '../../../lib/records/index.ts';
import type { ReconciledCluster } from '../kinds/reconciled-cluster.ts';

/**
 * Brings a cluster back after edits. What cannot be put back, an immutable field say, is deleted and made anew. Resolves to the records of all
 * runs that this took.
 */
export async function restore(cluster: ReconciledCluster): Promise<readonly ObjectRecord[]> {
  const { objects } = await cluster.reconcile();
  const stuck = objects.filter(({ decision, error }) => decision === 'failed' || decision === 'blocked' || error !== undefined);
  const subjects = new Map(stuck.map(({ object }) => [describeObject(object), object]));
  for (const { apiVersion, kind, namespace, name } of subjects.values()) {
    const group = apiVersion.includes('/') ? `.${apiVersion.split('/').reverse().join('.')}` : '';
    const scope = namespace === '' ? [] : ['--namespace', namespace];
    const now = ['--cascade=background', '--force', '--grace-period=0', '--wait=false'];
    await cluster.kubectl(['delete', `${kind}${group}`, name, '--ignore-not-found', ...scope, ...now]);
  }
  return stuck.length === 0 ? objects : [...objects, ...(await cluster.reconcile()).objects];
}
