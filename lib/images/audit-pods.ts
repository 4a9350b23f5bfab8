import { type Failure, failureOf } from '../errors.ts';
import type { ClusterRow } from '../fleet/cluster.ts';
import { inParallel } from '../in-parallel.ts';
import type { ApiResource, KubernetesClient } from '../kubernetes/client.ts';
import type { Artifact } from '../source/artifact.ts';
import { type GraphDependencies, readImageGraph, type WantedImage } from './image-graph.ts';
import { type ManagedPods, managedPods } from './managed-pods.ts';
import { findInPods, type PodFacts } from './pod-findings.ts';
import { digestOf } from './pod-sightings.ts';
import { containersOf, type LivePods, statusesOf } from './pod-templates.ts';
import { digestOfImageId } from './verdict.ts';

const CLUSTERS_AT_ONCE = 4;
const CLUSTER_TIMEOUT_MS = 15_000;
const HOUR_MS = 3_600_000;
/** Before a cluster that could not be read, or in which something was restarted, is looked at again. */
const RETRY_MS = 600_000;

export interface AuditedCluster {
  readonly row: ClusterRow;
  readonly artifact: Pick<Artifact, 'objects' | 'defaultNamespace' | 'settings'>;
}

export interface PodAuditDependencies extends GraphDependencies {
  /** Opens a client of the row's API server; it is closed here. */
  readonly connect: (row: ClusterRow, signal: AbortSignal) => Promise<KubernetesClient>;
}

export type PodAudit = PodFacts | { readonly failure: Failure };

/**
 * Holds every pod of the workloads that Git has, in all these clusters, against its own template. Images are read once, however many clusters
 * run them. A cluster that cannot be read says nothing, and stops no other.
 */
export async function auditPods(
  clusters: readonly AuditedCluster[],
  deps: PodAuditDependencies,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, PodAudit>> {
  const audits = new Map<string, PodAudit>();
  const read = new Map<string, ManagedPods>();
  await inParallel(clusters, CLUSTERS_AT_ONCE, async ({ row, artifact }) => {
    try {
      read.set(row.cluster, await readManagedPods({ row, artifact }, deps, signal));
    } catch (error) {
      signal.throwIfAborted();
      audits.set(row.cluster, { failure: failureOf(error) });
    }
  });
  const knowledge = await readImageGraph([...read.values()].flatMap(wantedImages), deps, signal);
  for (const [cluster, pods] of read) audits.set(cluster, findInPods(pods, knowledge));
  return audits;
}

/** The pods of one cluster that are Git's. Throws what reading throws. */
export async function readManagedPods(
  { row, artifact }: AuditedCluster,
  deps: Pick<PodAuditDependencies, 'connect'>,
  signal: AbortSignal,
): Promise<ManagedPods> {
  return managedPods(await readPods(row, deps, signal), artifact);
}

async function readPods(row: ClusterRow, { connect }: Pick<PodAuditDependencies, 'connect'>, outer: AbortSignal): Promise<LivePods> {
  const signal = AbortSignal.any([outer, AbortSignal.timeout(CLUSTER_TIMEOUT_MS)]);
  await using scope = new AsyncDisposableStack();
  const client = scope.adopt(await connect(row, signal), (opened) => opened.close());
  const list = (resource: ApiResource) => client.list(resource, {}, signal);
  const [pods, nodes, replicaSets, controllerRevisions, jobs] = await Promise.all([
    list(RESOURCES.pods),
    list(RESOURCES.nodes),
    list(RESOURCES.replicaSets),
    list(RESOURCES.controllerRevisions),
    list(RESOURCES.jobs),
  ]);
  return { pods, nodes, replicaSets, controllerRevisions, jobs };
}

const RESOURCES = {
  pods: resource('', 'Pod', 'pods', true),
  nodes: resource('', 'Node', 'nodes', false),
  replicaSets: resource('apps', 'ReplicaSet', 'replicasets', true),
  controllerRevisions: resource('apps', 'ControllerRevision', 'controllerrevisions', true),
  jobs: resource('batch', 'Job', 'jobs', true),
} as const;

function resource(group: string, kind: string, plural: string, namespaced: boolean): ApiResource {
  return { group, version: 'v1', kind, plural, namespaced, verbs: ['list'] };
}

export type AuditPods = (clusters: readonly AuditedCluster[], signal: AbortSignal) => Promise<ReadonlyMap<string, PodAudit>>;

export interface PodAuditor {
  /** The pods of those clusters for which an hour has passed. */
  readonly whenDue: AuditPods;
  /** Those of all that it is given. */
  readonly now: AuditPods;
  /** Has a cluster looked at again before the hour is over: something was done about what was found there. */
  readonly soon: (cluster: string) => void;
}

export function createPodAuditor(deps: PodAuditDependencies): PodAuditor {
  const nextAt = new Map<string, number>();
  const now: AuditPods = async (clusters, signal) => {
    const at = deps.clock.now().getTime();
    const audits = await auditPods(clusters, deps, signal);
    for (const [cluster, audit] of audits) nextAt.set(cluster, at + ('failure' in audit ? RETRY_MS : HOUR_MS));
    return audits;
  };
  const isDue = ({ row }: AuditedCluster) => (nextAt.get(row.cluster) ?? 0) <= deps.clock.now().getTime();
  const soon = (cluster: string) => nextAt.set(cluster, deps.clock.now().getTime() + RETRY_MS);
  return { whenDue: (clusters, signal) => now(clusters.filter(isDue), signal), now, soon };
}

/** What Git and templates mean, and what runs instead: looked up where it should be, and where the kubelet says that it came from. */
export function wantedImages({ pods, meant, platforms }: ManagedPods): readonly WantedImage[] {
  const idle = meant.flatMap(({ image, mounted }): readonly WantedImage[] => {
    const desired = digestOf(image);
    return desired === undefined ? [] : [{ ...desired, desired: true, platforms, ...(mounted === undefined ? {} : { mounted }) }];
  });
  const running = pods.flatMap(({ pod, template, platform }) => {
    const own = platform === undefined ? platforms : [platform];
    const statuses = statusesOf(pod);
    return containersOf(template).flatMap(({ name, image }): readonly WantedImage[] => {
      const desired = digestOf(image);
      if (desired === undefined) return [];
      const wanted = { ...desired, desired: true, platforms: own };
      const imageId = statuses.get(name)?.imageId ?? '';
      const digest = digestOfImageId(imageId);
      if (digest === undefined || digest === desired.digest || !imageId.includes('@')) return [wanted];
      const from = digestOf(imageId.replace(/^[a-z-]+:\/\//, ''));
      return [
        wanted,
        ...[desired, ...(from === undefined ? [] : [from])].map((where) => ({ ...where, digest, desired: false, platforms: own })),
      ];
    });
  });
  return [...running, ...idle];
}
