import { ulid } from 'ulidx';
import type { KubernetesClient } from '../../../../lib/kubernetes/client.ts';
import { describeObject } from '../../../../lib/manifests/object.ts';
import { reconcileCluster } from '../../../../lib/reconcile/index.ts';
import { createRecorder, createRecordIds, type ObjectRecord } from '../../../../lib/records/index.ts';
import type { Inventory } from '../../../../lib/storage/stores.ts';
import { memoryLeaseStore, memoryRecordStore } from '../../../helpers/memory-stores.ts';
import { type ReconciledCluster, takeApart } from '../../kinds/reconciled-cluster.ts';
import { altered } from '../watched-run.ts';

/** One thing that a run finds of an object. */
export interface Finding {
  readonly class: string;
  readonly paths: readonly string[];
  /** Why nothing could be done about it, or told of it. */
  readonly reason?: string;
}

/** What a run would find, object by object (`Deployment kinds/web`), and which of them it asked the server about. */
export interface Rehearsal {
  readonly found: ReadonlyMap<string, readonly Finding[]>;
  readonly verified: ReadonlySet<string>;
}

/**
 * A whole run that writes nothing: neither to the cluster, where each write is made a dry-run, nor to the stores. So one instant can be judged
 * with the checkpoint and in full.
 */
export async function rehearse(cluster: ReconciledCluster, by: 'checkpoint' | 'full dry-run'): Promise<Rehearsal> {
  const { row, deps, stores } = cluster;
  const verified = new Set<string>();
  const connect: typeof deps.connect = async (...request) => withoutWrites(await deps.connect(...request), verified);
  const recorder = createRecorder({
    records: memoryRecordStore(),
    log: () => undefined,
    count: () => undefined,
    clock: deps.clock,
    createIds: createRecordIds,
  });
  const artifacts = {
    ...stores.artifacts,
    putInventory: async (_cluster: string, inventory: Inventory) => inventory,
    putCheckpoint: async () => undefined,
    ...(by === 'checkpoint' ? {} : { getCheckpoint: async () => undefined }),
  };
  const state = { ...stores.state, update: async () => undefined };
  const known = await stores.records.listOpen(row.cluster);
  const result = await reconcileCluster(
    row,
    { ...deps, connect, recorder, artifacts, state, leases: memoryLeaseStore(deps.clock) },
    { runId: ulid(), signal: AbortSignal.timeout(120_000) },
  );
  const { objects } = takeApart(result);
  const current = new Map([...known, ...objects].map((record) => [record.id, record]));
  const said = [...current.values()].filter((record) => record.class !== 'health' && record.event !== 'resolved');
  const bySubject = Map.groupBy(said, ({ object }) => describeObject(object));
  return { found: new Map([...bySubject].map(([subject, records]) => [subject, records.map(findingOf)])), verified };
}

function findingOf({ class: driftClass, changes, error }: ObjectRecord): Finding {
  return {
    class: driftClass,
    paths: changes.map(({ path }) => path).toSorted(),
    ...(error === undefined ? {} : { reason: error.reason }),
  };
}

function withoutWrites(client: KubernetesClient, verified: Set<string>): KubernetesClient {
  return altered(client, {
    apply: (resource, object, options, signal) => {
      const { name, namespace = '' } = object.metadata;
      if (options.dryRun) verified.add(describeObject({ kind: object.kind, namespace, name }));
      return client.apply(resource, object, { ...options, dryRun: true }, signal);
    },
    patch: (resource, id, operations, options, signal) => client.patch(resource, id, operations, { ...options, dryRun: true }, signal),
    delete: async (resource, { name }) => {
      throw new Error(`a rehearsal does not delete ${resource.kind} ${name}`);
    },
  });
}
