import type { Failure } from '../errors.ts';
import type { RunOutcome } from '../records/record.ts';
import type { Contest } from './contest.ts';

export type Mode = 'observe' | 'enforce' | 'off';

/** How the API server is reached: on EKS by name, region and role; elsewhere by endpoint, CA and a secret. */
export type ClusterConnection =
  | { readonly type: 'eks'; readonly eksName: string; readonly region: string; readonly roleArn?: string; readonly externalId?: string }
  | {
      readonly type: 'endpoint';
      readonly endpoint: string;
      /** Base64 of the PEM bundle, as EKS and kubeconfigs give it. */
      readonly certificateAuthority: string;
      /** Name of a secret: `{"token": …}` or `{"clientCertificate": …, "clientKey": …}` (PEM). */
      readonly clusterSecret: string;
    };

/** One row of the `clusters` table, parsed: what people ask for. */
export interface ClusterRow {
  readonly cluster: string;
  readonly connection: ClusterConnection;
  readonly repository: string;
  /** Branch, tag or full commit id. */
  readonly branch: string;
  /** Folder in the repository, normalised; `.` for the root. */
  readonly path: string;
  /** Name of a secret `{"username"?: …, "token": …}` for the repository. */
  readonly credentialsSecret?: string;
  /** Whether kustomizations may name other repositories, at full commit ids; refused when absent. */
  readonly remoteBases?: 'allow' | 'refuse';
  readonly mode: Mode;
  readonly intervalSeconds: number;
  readonly graceSeconds: number;
  /** How long, from its opening, a drift can be held by the annotation of its object. */
  readonly holdLimitSeconds: number;
  readonly wave: number;
  readonly imagePolicy: 'report' | 'lock' | 'require-digest';
  readonly suspendedUntil?: string;
  readonly suspendedReason?: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** A row as read: one that does not parse is that cluster's status, in words, and breaks nothing else. */
export type ClusterEntry = { readonly cluster: string; readonly row: ClusterRow } | { readonly cluster: string; readonly invalid: Failure };

/** Objects that were written and are not healthy; those that came up are not among them. */
export interface RolloutHealth {
  /** On the way, or not known yet. */
  readonly progressing: number;
  /** They do not work, or did not in time. */
  readonly degraded: number;
  /** ISO 8601: when the run began that saw so. */
  readonly at: string;
}

/** What `state` knows of a cluster: written by `reconcile` and `source`, read by `status`, `schedule` and the widget. */
export interface ClusterState {
  readonly cluster: string;
  /** uid of `kube-system`, pinned by the first successful contact. */
  readonly clusterUid?: string;
  readonly serverVersion?: string;
  /** Digest of the list of what the server serves; the list is where artifacts are. */
  readonly apiVersions?: string;
  readonly revision?: string;
  /** Digest of the artifact that is desired now, and of the last one applied in full. */
  readonly desiredArtifact?: string;
  readonly appliedArtifact?: string;
  readonly outcome?: RunOutcome;
  readonly failure?: Failure;
  /** What `source` last rendered for the row, or tried to: repository, commit and path. It is not tried again while this stays the same. */
  readonly renderedFrom?: string;
  /** Digest of everything that the last render depended on: what has the same is not rendered again. */
  readonly renderKey?: string;
  /** Digest of the artifact that holds what it rendered to, its images not locked yet. */
  readonly renderedArtifact?: string;
  /** ISO 8601: when an exception ends that its images rest on, so that the same commit has to be locked again. */
  readonly exceptedUntil?: string;
  /** ISO 8601: when registries are asked again about images whose rollout they stop; absent: they stop none. */
  readonly stoppedUntil?: string;
  /** Why Git could not be followed; correction goes on from the last artifact. */
  readonly sourceFailure?: Failure;
  /** ISO 8601. */
  readonly lastRunAt?: string;
  /** When every object was last looked at, by its metadata at least. */
  readonly observedAt?: string;
  /** The oldest of all objects' last full verifications against the server. */
  readonly verifiedAt?: string;
  /** When its pods were last held against what Git means to run. */
  readonly auditedAt?: string;
  /** When each share of the objects was last swept (`reconcile/surface/sweep.ts`). */
  readonly sweep?: string;
  /** Fence of the lease of the last run that went through: whoever has the next one knows that nobody was at the cluster since. */
  readonly fence?: number;
  readonly objects?: number;
  readonly open?: number;
  /** Of these, what waits for its time, and what is left to a rival for a while. */
  readonly held?: number;
  readonly backedOff?: number;
  /** How what was written does, as the last run that went through saw it; absent: no run has looked. */
  readonly rollouts?: RolloutHealth;
  /** Fields that are fought over, or may be: of at most some hundreds. */
  readonly contested?: readonly Contest[];
  readonly nextAttemptAt?: string;
  readonly consecutiveFailures?: number;
  /** When the audit last restarted a workload there by itself. */
  readonly rerolledAt?: string;
  /** Of its nodes (`linux/amd64`), as that audit saw them. */
  readonly nodePlatforms?: readonly string[];
}
