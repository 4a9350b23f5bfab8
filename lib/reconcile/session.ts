import type { Clock } from '../clock.ts';
import type { Failure } from '../errors.ts';
import type { ClusterRow, ClusterState } from '../fleet/cluster.ts';
import type { Contest } from '../fleet/contest.ts';
import { type HealthPolicy, healthPolicy } from '../health/index.ts';
import { rolloutPlace } from '../images/gate/rollout-place.ts';
import { rolloutStop } from '../images/gate/rollout-stop.ts';
import type { Discovery, KubernetesClient } from '../kubernetes/client.ts';
import type { KubernetesObject } from '../manifests/object.ts';
import type { ObjectRecord } from '../records/record.ts';
import type { Artifact } from '../source/artifact.ts';
import type { Inventory, Lease } from '../storage/stores.ts';
import type { Run } from './conclude.ts';
import type { ReconcileDependencies } from './dependencies.ts';
import type { DesiredArtifact } from './desired-artifact.ts';
import { type FieldRules, fieldRulesOf } from './field-rules.ts';
import { type History, readHistory } from './history.ts';
import { type WriterIdentity, writerIdentity } from './identity.ts';
import { inventoryOf } from './inventory.ts';
import { type Memory, memoryOf, type Policy, policyOf, writes } from './policy/index.ts';
import { type Basis, type Checkpoint, decodeCheckpoint, decodeSlots, type Slots } from './surface/index.ts';
import { shortHash } from './surface/object-facts.ts';
import { namespacesOf } from './target.ts';

/** What stays the same while a run is at its cluster, and is asked for before the first object: each stage takes what it needs of it. */
export interface Session {
  readonly row: ClusterRow;
  readonly runId: string;
  readonly artifact: Artifact;
  readonly digest: string;
  readonly client: KubernetesClient;
  readonly signal: AbortSignal;
  /** Ends a write that is under way; `signal` only keeps the next one from being begun. */
  readonly writing: AbortSignal;
  readonly clock: Clock;
  readonly identity: WriterIdentity;
  readonly rules: FieldRules;
  readonly policy: Policy;
  readonly health: HealthPolicy;
  /** The records that are open of the cluster: read once, for deciding and for recording. */
  readonly open: readonly ObjectRecord[];
  readonly memory: Memory;
  /** What the cluster's state says of fights. */
  readonly contested: readonly Contest[];
  /** Whether the policy lets this run write; else absent objects are validated by a dry-run too. */
  readonly writes: boolean;
  readonly validateAbsent: boolean;
  /** The lease under which it writes. */
  readonly lease: Pick<Lease, 'expiresAt' | 'fence'>;
  readonly serverVersion: string;
  readonly discovery: Discovery;
  /** Namespaces that the artifact has. */
  readonly namespaces: ReadonlySet<string>;
  /** The inventory as the last run left it. */
  readonly inventory: Inventory;
  readonly history: History;
  /** Why an object of the artifact must not be rolled out here, by what is known of its images. */
  readonly stopOf: (written: KubernetesObject) => Failure | undefined;
  readonly startedAt: Date;
  /** What a checkpoint has to rest on to vouch for anything in this run. */
  readonly basis: Basis;
  readonly checkpoint: Checkpoint | undefined;
  /** What was swept until now. */
  readonly slots: Slots;
}

export async function openSession(
  { row, runId, signal, writing, startedAt }: Run,
  { artifact, digest }: DesiredArtifact,
  state: ClusterState | undefined,
  client: KubernetesClient,
  lease: Lease,
  { artifacts, records, clock, deployment }: Pick<ReconcileDependencies, 'artifacts' | 'records' | 'clock' | 'deployment'>,
): Promise<Session> {
  const policy = policyOf(row, artifact.settings, startedAt);
  const identity = writerIdentity(deployment, row.cluster);
  const [serverVersion, discovery, storedInventory, storedCheckpoint, open] = await Promise.all([
    client.serverVersion(signal),
    client.discover(signal),
    artifacts.getInventory(row.cluster, signal),
    artifacts.getCheckpoint(row.cluster, signal),
    records.listOpen(row.cluster, signal),
  ]);
  const inventory = inventoryOf(lease.clusterUid, storedInventory);
  const rules = fieldRulesOf(artifact);
  // What autoscalers in Git scale is ignored like what the settings say, in whatever order they are there.
  const ignored = rules.ignore.map((rule) => JSON.stringify(rule)).toSorted();
  const settings = shortHash([artifact.settings ?? {}, ignored]);
  const basis: Basis = { clusterUid: lease.clusterUid, ...identity, settings, strict: writes(policy) };
  const contested = state?.contested ?? [];
  const history = await readHistory(inventory, { digest, artifact }, artifacts, signal);
  const place = rolloutPlace(row, state, startedAt);
  return {
    row,
    runId,
    artifact,
    digest,
    client,
    signal,
    writing,
    clock,
    identity,
    rules,
    policy,
    health: healthPolicy(artifact.settings?.health),
    open,
    memory: memoryOf(open, contested),
    contested,
    writes: writes(policy),
    validateAbsent: !writes(policy),
    lease,
    serverVersion,
    discovery,
    namespaces: namespacesOf(artifact),
    inventory,
    history,
    stopOf: (written) => rolloutStop(written, artifact, place),
    startedAt,
    basis,
    checkpoint: decodeCheckpoint(storedCheckpoint, basis),
    slots: decodeSlots(state?.sweep, startedAt),
  };
}
