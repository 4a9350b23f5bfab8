import type { Clock } from '../clock.ts';
import { type Failure, failureOf, PlumblineError } from '../errors.ts';
import { inParallel } from '../in-parallel.ts';
import type { Fact, Recorder } from '../records/fact.ts';
import type { ObjectRecord } from '../records/record.ts';
import type { Artifact } from '../source/artifact.ts';
import type { ArtifactStore, ClusterStore, StateStore, TagHistoryStore } from '../storage/stores.ts';
import { type ArtifactInUse, auditImages, tagsInUse } from './audit.ts';
import { type ChangedRepository, usesRepository } from './ecr/event.ts';
import { actOn, type FindingPolicy, isFindingId, STOPS_ROLLOUT } from './finding-table.ts';
import { rolloutPlace, seenNodes } from './gate/rollout-place.ts';
import type { AuditedCluster, PodAudit } from './pods/audit-pods.ts';
import type { AuditPods } from './pods/pod-auditor.ts';
import { isPodFinding, podsUnread } from './pods/pod-findings.ts';
import { isExecOver } from './pods/record-execs.ts';
import type { DetailReader } from './registry/image-details.ts';
import type { ImageContents, ImageLookup, ImageRegistry } from './registry/registry.ts';
import { shareCalls } from './registry/shared-lookup.ts';
import { type OptedInCluster, type RerollOutcome, withRerolls } from './reroll/auto-reroll.ts';

const ARTIFACTS_AT_ONCE = 4;

export interface InUseDependencies {
  readonly clusters: Pick<ClusterStore, 'list'>;
  readonly state: Pick<StateStore, 'list'>;
  readonly artifacts: Pick<ArtifactStore, 'get'>;
  readonly clock: Clock;
}

export interface RunAuditDependencies extends InUseDependencies {
  readonly state: Pick<StateStore, 'list' | 'update'>;
  readonly registry: ImageRegistry & ImageContents & ImageLookup;
  readonly details?: DetailReader;
  readonly history: TagHistoryStore;
  /** What the clusters' pods run; without an entry it is not their time, and with a failure nothing is known of a cluster's. */
  readonly auditPods: AuditPods;
  /** What is done about workloads that run other bytes; without it, nothing. */
  readonly reroll?: (cluster: OptedInCluster, facts: readonly Fact[], signal: AbortSignal) => Promise<readonly RerollOutcome[]>;
  readonly recorder: Pick<Recorder, 'record'>;
  readonly clock: Clock;
  /** A ULID for each cluster's part of the run. */
  readonly newRunId: () => string;
}

/**
 * What became of one cluster: the number of findings, or why nothing could be said of it (its open findings stay open). `podFailure` is the
 * cluster's own, that its pods could not be read; `notKept` is of our tables, that some of what was to be read or kept there was not.
 */
export type AuditOutcome =
  | { readonly cluster: string; readonly findings: number; readonly podFailure?: Failure; readonly notKept?: Failure }
  | { readonly cluster: string; readonly failure: Failure };

export class AuditError extends PlumblineError {}

/**
 * The failure of the audit itself: a table, a key or a policy, which somebody has to be told of, however few clusters it met. That a cluster's
 * pods cannot be read is the cluster's, whose own runs say so.
 */
export function auditError(outcomes: readonly AuditOutcome[]): AuditError | undefined {
  const failures = outcomes.flatMap((outcome) => ('failure' in outcome ? outcome.failure : (outcome.notKept ?? [])));
  const [first] = failures;
  if (first === undefined) return undefined;
  const isAll = outcomes.every((outcome) => 'failure' in outcome);
  const message = isAll
    ? `audit: the images of none of ${outcomes.length} clusters could be compared. The first says: ${first.message}`
    : `audit: the images of ${failures.length} of ${outcomes.length} clusters could not be compared in full, or what was found not kept; the others were, and all are tried again within a minute. The first says: ${first.message}`;
  return new AuditError(isAll ? 'NothingAudited' : 'PartlyAudited', message);
}

/** Which clusters an audit is of; without it, all. */
export interface AuditScope {
  readonly clusters?: readonly string[];
  /** Those that use this repository. */
  readonly repository?: ChangedRepository;
}

/** Audits the images of every cluster whose row is valid and that has a desired artifact. One cluster's failure stops no other. */
export async function runAudit(
  deps: RunAuditDependencies,
  signal: AbortSignal,
  { clusters, repository }: AuditScope = {},
): Promise<readonly AuditOutcome[]> {
  const startedAt = deps.clock.now().toISOString();
  const { inUse: all, failed } = await artifactsInUse(deps, clusters, signal);
  const inUse = repository === undefined ? all : all.filter(({ artifact }) => usesRepository(artifact, repository));
  const outcomes: AuditOutcome[] = [...failed];
  const shared = shareCalls(deps.registry, tagsInUse(inUse));
  const { pods, podsNotKept } = await podsInUse(inUse, deps, shared.contents, signal);
  const audited = await auditImages(inUse, { ...deps, registry: shared.registry }, signal);
  const byName = new Map(inUse.map((audited) => [audited.cluster, audited]));
  for (const { facts, closes, cluster, revision, notKept = podsNotKept } of audited) {
    const inPods = pods.get(cluster);
    const read = inPods === undefined || 'failure' in inPods ? undefined : inPods;
    const used = byName.get(cluster);
    const policy = used?.artifact.settings?.images?.policy;
    const ofPods = inPods !== undefined && 'failure' in inPods ? [podsUnread(cluster, inPods.failure)] : (read?.facts ?? []);
    const found = [...facts, ...ofPods].flatMap((fact) => asPolicySays(fact, policy));
    const rerolls = used === undefined || read === undefined ? [] : ((await deps.reroll?.(used, found, signal)) ?? []);
    const reported = withRerolls(found, rerolls);
    const run = {
      cluster,
      revision,
      facts: reported,
      closes: (open: ObjectRecord) => {
        if (open.kind === 'image' && actOn(open.class, policy) === 'ignore') return true;
        if (open.class === 'pod.exec') return isExecOver(open, deps.clock.now());
        // What could not be read closes nothing.
        return isPodFinding(open) ? (read?.closes(open) ?? false) : closes(open);
      },
    };
    try {
      await deps.recorder.record({ ...run, runId: deps.newRunId(), startedAt }, signal);
      if (read !== undefined) await deps.state.update(cluster, seenNodes(read.platforms, startedAt));
      outcomes.push({
        cluster,
        findings: reported.length,
        ...(inPods !== undefined && 'failure' in inPods ? { podFailure: inPods.failure } : {}),
        ...(notKept === undefined ? {} : { notKept }),
      });
    } catch (error) {
      signal.throwIfAborted();
      outcomes.push({ cluster, failure: failureOf(error) });
    }
  }
  return outcomes;
}

function asPolicySays(fact: Fact, policy: FindingPolicy | undefined): readonly Fact[] {
  const act = actOn(fact.class, policy);
  if (act === 'ignore') return [];
  // A rollout was blocked for it only where somebody said so: by itself, a lock keeps what is deployed. One that was stopped is the run's to say.
  const isBlocked = isFindingId(fact.class) && policy?.[fact.class] === 'block' && !STOPS_ROLLOUT.has(fact.class);
  return [isBlocked ? { ...fact, decision: 'blocked' } : fact];
}

/** Where what images contain cannot be read or kept, nothing is said of pods, and references are audited all the same. */
async function podsInUse(
  inUse: readonly AuditedCluster[],
  { auditPods }: Pick<RunAuditDependencies, 'auditPods'>,
  contents: ImageContents,
  signal: AbortSignal,
): Promise<{ readonly pods: ReadonlyMap<string, PodAudit>; readonly podsNotKept?: Failure }> {
  try {
    return { pods: await auditPods(inUse, contents, signal) };
  } catch (error) {
    signal.throwIfAborted();
    return { pods: new Map(), podsNotKept: failureOf(error) };
  }
}

/** Clusters that are meant to run the same artifact share one value of it. */
export async function artifactsInUse(
  deps: InUseDependencies,
  wanted: readonly string[] | undefined,
  signal: AbortSignal,
): Promise<{ readonly inUse: readonly (ArtifactInUse & AuditedCluster)[]; readonly failed: readonly AuditOutcome[] }> {
  const [entries, states] = await Promise.all([deps.clusters.list(signal), deps.state.list(signal)]);
  const stateOf = new Map(states.map((state) => [state.cluster, state]));
  const clusters = entries.flatMap((entry) => {
    if (!('row' in entry) || wanted?.includes(entry.cluster) === false) return [];
    const digest = stateOf.get(entry.cluster)?.desiredArtifact;
    return digest === undefined ? [] : [{ cluster: entry.cluster, row: entry.row, digest }];
  });
  const loaded = new Map<string, Artifact | Failure>();
  await inParallel([...new Set(clusters.map(({ digest }) => digest))], ARTIFACTS_AT_ONCE, async (digest) => {
    try {
      loaded.set(digest, await deps.artifacts.get(digest, signal));
    } catch (error) {
      signal.throwIfAborted();
      loaded.set(digest, failureOf(error));
    }
  });
  const inUse: (ArtifactInUse & AuditedCluster)[] = [];
  const failed: AuditOutcome[] = [];
  for (const { cluster, row, digest } of clusters) {
    const artifact = loaded.get(digest);
    if (artifact === undefined) continue;
    const place = rolloutPlace(row, stateOf.get(cluster), deps.clock.now());
    if ('objects' in artifact) inUse.push({ cluster, row, artifact, ...place });
    else failed.push({ cluster, failure: artifact });
  }
  return { inUse, failed };
}
