import type { KubernetesObject } from '../../../lib/manifests/object.ts';
import type { BenchCluster } from '../bench-cluster.ts';
import type { StorageSample, Workload } from '../rows.ts';

/** What an engine says of a pass. */
export interface Answer {
  /** It must be what the workload is about, or the figures are of something else. `undefined`: the engine does not say. */
  readonly did: { readonly created: number; readonly changed: number } | undefined;
  readonly storage?: StorageSample;
}

/** What an engine did in one pass, and what that took. */
export interface Pass extends Answer {
  readonly clientCpuSeconds: number;
  readonly clientPeakMiB: number;
}

/** An engine at work on one cluster, in a process of its own. */
export interface EngineProcess extends AsyncDisposable {
  pass(): Promise<Pass>;
}

/** The objects that an engine is to keep a cluster at. */
export interface ObjectSet {
  readonly objects: readonly KubernetesObject[];
  /** The same as a file: a `List` in JSON. */
  readonly file: string;
}

/** Starts the engine for one workload. `directory` is where it may keep what it knows of this cluster from one process to the next. */
export type StartEngine = (workload: Workload, cluster: BenchCluster, set: ObjectSet, directory: string) => Promise<EngineProcess>;
