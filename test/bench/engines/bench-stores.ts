import { createHash } from 'node:crypto';
import type { Clock } from '../../../lib/clock.ts';
import { loadSettings } from '../../../lib/config.ts';
import { createStoreClients, createStores } from '../../../lib/deployment.ts';
import type { ClusterRow } from '../../../lib/fleet/cluster.ts';
import type { ReconcileDependencies } from '../../../lib/reconcile/index.ts';
import type { Artifact } from '../../../lib/source/artifact.ts';
import type { RecordStore } from '../../../lib/storage/index.ts';
import { readArtifact } from './bench-row.ts';
import { openKeptStores } from './kept-stores.ts';
import type { OursSettings, StoredIn } from './ours-settings.ts';

/** The stores of a run, which know the cluster's artifact. */
export interface BenchStores {
  readonly stores: Pick<ReconcileDependencies, 'artifacts' | 'state' | 'leases'> & { readonly records: RecordStore };
  /** What a function does first with a message. */
  readRow(): Promise<void>;
  /** Keeps what the next process has to know. */
  keep(): Promise<void>;
}

export async function openMemory({ kept, objects }: OursSettings, row: ClusterRow, clock: Clock): Promise<BenchStores> {
  const { stores, keep } = await openKeptStores(kept, row.cluster, clock);
  await stores.state.update(row.cluster, { desiredArtifact: createHash('sha256').update(objects).digest('hex') });
  let artifact: Promise<Artifact> | undefined;
  // Read by the first run and remembered, as the one that is stored is.
  const get = (): Promise<Artifact> => {
    artifact ??= readArtifact(objects, row);
    return artifact;
  };
  return { stores: { ...stores, artifacts: { ...stores.artifacts, get } }, readRow: async () => undefined, keep };
}

export async function openStored(
  stored: StoredIn,
  { objects, workload }: OursSettings,
  row: ClusterRow,
  clock: Clock,
): Promise<BenchStores> {
  const settings = loadSettings({
    DEPLOYMENT: 'bench',
    CLUSTERS_TABLE: stored.clustersTable,
    STATE_TABLE: stored.stateTable,
    RECORDS_TABLE: stored.recordsTable,
    ARTIFACT_BUCKET: stored.bucket,
    ARTIFACT_KEY: stored.artifactKey,
    DIGEST_KEY: stored.digestKey,
    SOURCE_QUEUE_URL: 'https://queue.example/sources',
    CLUSTER_QUEUE_URL: 'https://queue.example/clusters',
  });
  const stores = createStores(settings, createStoreClients(), clock);
  if (workload === 'first-apply') {
    const { cluster, repository, branch, path, mode } = row;
    await stores.clusters.put({ cluster, eksName: cluster, region: 'eu-west-1', repository, branch, path, mode }, { replace: true });
    await stores.state.update(cluster, { desiredArtifact: await stores.artifacts.put(await readArtifact(objects, row)) });
  }
  const readRow = async (): Promise<void> => void (await stores.clusters.get(row.cluster));
  return { stores, readRow, keep: async () => undefined };
}
