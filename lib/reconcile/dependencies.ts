import type { Clock } from '../clock.ts';
import type { ClusterRow } from '../fleet/cluster.ts';
import type { SourceMessage } from '../fleet/messages.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import type { Recorder } from '../records/fact.ts';
import type { ArtifactStore, LeaseStore, RecordStore, StateStore } from '../storage/stores.ts';

/** What a run needs of the world. */
export interface ReconcileDependencies {
  /** Opens a client of the row's API server; the run closes it. */
  connect(row: ClusterRow, signal: AbortSignal): Promise<KubernetesClient>;
  readonly artifacts: Pick<ArtifactStore, 'get' | 'getInventory' | 'putInventory' | 'getCheckpoint' | 'putCheckpoint' | 'putApiVersions'>;
  readonly state: Pick<StateStore, 'get' | 'update' | 'pinClusterUid'>;
  readonly leases: LeaseStore;
  readonly records: Pick<RecordStore, 'listOpen'>;
  readonly recorder: Pick<Recorder, 'prepare' | 'record' | 'recordCutOff'>;
  /** Asks for a repository's paths to be looked at now. Throws nothing; without it, or when it fails, the next poll does. */
  readonly pollSource?: (message: SourceMessage) => Promise<void>;
  readonly clock: Clock;
  /** In [0, 1): the jitter of the next attempt. */
  random(): number;
  /** The deployment's name, part of the field manager and the owner label. */
  readonly deployment: string;
}
