import type { ClusterRow } from '../fleet/cluster.ts';
import type {
  AuditOutcome,
  ChangedRepository,
  DetailReader,
  EcrClients,
  ImageContents,
  ImageRegistry,
  ImmutabilityChange,
  PodAuditDependencies,
  RelockedBy,
} from '../images/index.ts';
import type { ClusterSecret } from '../kubernetes/index.ts';
import type { ClusterPlan, PlanOptions, PrunedObject } from '../reconcile/index.ts';
import type { PlumblineRecord } from '../records/record.ts';
import type { Artifact } from '../source/artifact.ts';
import type { ClusterStore, LeaseStore, LockStore, RecordStore, StateStore } from '../storage/stores.ts';

/** Which deployment a command works on. */
export interface DeploymentTarget {
  /** The deployment's name, from which its stacks' names are made. */
  readonly stack: string;
  /** Undefined: the SDK's own default. */
  readonly region?: string;
}

/** What a plan is made of: the published desired state, another revision in Git, or a folder on this machine. */
export type PlanSource =
  | { readonly type: 'artifact' }
  | { readonly type: 'revision'; readonly revision: string }
  | { readonly type: 'directory'; readonly directory: string };

/** Something that was tried from this machine, which may reach other things than the functions do. */
export interface Check {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly remedy?: string;
}

/** The deployment as the commands use it: its tables, and the same code that its functions run, in this process. */
export interface Deployment {
  readonly name: string;
  readonly region: string;
  /** The role of the reconcile function: clusters' roles trust it, access entries name it. */
  readonly reconcileRoleArn: string | undefined;
  readonly clusters: ClusterStore;
  readonly state: StateStore;
  readonly records: RecordStore;
  /** What image commands ask and write: the locks, and the registries with this machine's credentials. */
  readonly images: {
    readonly locks: LockStore;
    readonly registry: ImageRegistry & ImageContents;
    readonly details: DetailReader;
    readonly ecrFor: EcrClients;
    readonly pods: PodAuditDependencies;
    readonly leases: LeaseStore;
    /** Audits these clusters now, registries and pods, and records what it finds. Resolves to what became of each that has a desired state. */
    audit(clusters: readonly string[], signal: AbortSignal): Promise<readonly AuditOutcome[]>;
    /** Records that the tag settings of a repository were changed, for the clusters that use it, and resolves to those. */
    recordImmutability(repository: ChangedRepository, change: ImmutabilityChange, signal: AbortSignal): Promise<readonly string[]>;
    /** Records that a reference was relocked, and by whom, for the clusters that use it, and resolves to those. */
    recordRelock(relock: Omit<RelockedBy, 'user'>, signal: AbortSignal): Promise<readonly string[]>;
  };
  /** Creates or replaces the secret; its value reaches no log and no error. */
  storeCredentials(secretName: string, credentials: ClusterSecret): Promise<void>;
  deleteCredentials(secretName: string): Promise<void>;
  checkRepository(row: ClusterRow, signal: AbortSignal): Promise<Check>;
  /** Stops at the first check that the others rest on. */
  checkCluster(row: ClusterRow, signal: AbortSignal): Promise<readonly Check[]>;
  /** The desired state of a cluster, Secrets included; publishes nothing. */
  desired(row: ClusterRow, source: PlanSource, signal: AbortSignal): Promise<Artifact>;
  /** Writes nothing, in the cluster or in the tables. */
  plan(row: ClusterRow, source: PlanSource, signal: AbortSignal, options: PlanOptions): Promise<ClusterPlan>;
  /**
   * One pass, under the cluster's lease; the run's record comes last. `interrupt` ends it after the writes that are under way, `signal` those
   * too.
   */
  reconcile(row: ClusterRow, signal: AbortSignal, interrupt: AbortSignal): Promise<readonly PlumblineRecord[]>;
  /** Deletes what the row has applied, behind the guards that are about the objects; under the cluster's lease. */
  prune(row: ClusterRow, signal: AbortSignal, interrupt: AbortSignal): Promise<readonly PrunedObject[]>;
}
