import { AwsFaultError } from '../aws-fault.ts';
import type { ClusterState } from '../fleet/cluster.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import type { Lease, LeaseStore } from '../storage/stores.ts';
import type { Run } from './conclude.ts';
import type { ReconcileDependencies } from './dependencies.ts';
import { ClusterChangedError } from './run-error.ts';

/** Longer than a run may take. A run that outlives it all the same is stopped by the preconditions of its writes. */
const LEASE_SECONDS = 300;

/**
 * Makes sure that the cluster is the one that was pinned, and that nobody else is at it: the lease is on the cluster's uid, since two rows
 * may name one cluster. It is given back with the scope. Undefined when another run holds it; throws `ClusterChangedError`.
 */
export async function takeLease(
  { row, runId, signal }: Run,
  client: KubernetesClient,
  known: Pick<ClusterState, 'clusterUid'> | undefined,
  { state, leases }: Pick<ReconcileDependencies, 'state' | 'leases'>,
  scope: AsyncDisposableStack,
): Promise<Lease | undefined> {
  const clusterUid = await client.clusterUid(signal);
  // What is pinned stays: it need not be asked for again.
  const pinned = known?.clusterUid ?? (await state.pinClusterUid(row.cluster, clusterUid));
  if (pinned !== clusterUid) throw new ClusterChangedError(row.cluster, pinned, clusterUid);
  const lease = await leases.acquire(clusterUid, runId, LEASE_SECONDS);
  if (lease !== undefined) scope.adopt(lease, (held) => release(held, leases));
  return lease;
}

/** What the run did is recorded by now: a lease that cannot be given back ends by itself. */
async function release(held: Lease, leases: Pick<LeaseStore, 'release'>): Promise<void> {
  try {
    await leases.release(held);
  } catch (error) {
    if (!(error instanceof AwsFaultError)) throw error;
  }
}
