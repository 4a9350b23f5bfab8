import { type Failure, failureOf } from '../../errors.ts';
import type { ClusterRow } from '../../fleet/cluster.ts';
import { inParallel } from '../../in-parallel.ts';
import type { ApiResource, KubernetesClient } from '../../kubernetes/client.ts';
import type { KubernetesObject } from '../../manifests/object.ts';
import type { Artifact } from '../../source/artifact.ts';
import { type GraphDependencies, readImageGraph, type WantedImage } from './image-graph.ts';
import { type ManagedPods, managedPods } from './managed-pods.ts';
import { findInPods, type PodFacts } from './pod-findings.ts';
import { digestOf } from './pod-sightings.ts';
import { comparedPart, containersOf, type LivePods, statusesOf } from './pod-templates.ts';
import { digestOfImageId } from './verdict.ts';

const CLUSTERS_AT_ONCE = 4;
const CLUSTER_TIMEOUT_MS = 15_000;

export interface AuditedCluster {
  readonly row: ClusterRow;
  readonly artifact: Pick<Artifact, 'objects' | 'defaultNamespace' | 'settings'>;
}

/** What is asked of a cluster. */
type PodReader = Pick<KubernetesClient, 'list' | 'listInPages' | 'close'>;

/** Opens a client of the row's API server; it is closed here. */
export interface PodReading {
  readonly connect: (row: ClusterRow, signal: AbortSignal) => Promise<PodReader>;
}

export interface PodAuditDependencies extends GraphDependencies {
  /** Opens a client of the row's API server; it is closed here. */
  readonly connect: (row: ClusterRow, signal: AbortSignal) => Promise<KubernetesClient>;
}

export type PodAudit = PodFacts | { readonly failure: Failure };

/** Says whether one more cluster is begun, by how many pods are held already. */
export type MayBegin = (heldPods: number) => boolean;

/**
 * Holds every pod of the workloads that Git has, in all these clusters, against its own template. Images are read once, however many clusters
 * run them. A cluster that cannot be read says nothing, and stops no other; one that was not begun is not in the answer. `onRead` hears of each
 * when it was read, or could not be.
 */
export async function auditPods(
  clusters: readonly AuditedCluster[],
  deps: GraphDependencies & PodReading,
  signal: AbortSignal,
  mayBegin: MayBegin = () => true,
  onRead: (cluster: string) => void = () => {},
): Promise<ReadonlyMap<string, PodAudit>> {
  const audits = new Map<string, PodAudit>();
  const read = new Map<string, ManagedPods>();
  let held = 0;
  await inParallel(clusters, CLUSTERS_AT_ONCE, async ({ row, artifact }) => {
    if (!mayBegin(held)) return;
    try {
      const pods = await readManagedPods({ row, artifact }, deps, signal);
      held += pods.pods.length;
      read.set(row.cluster, pods);
    } catch (error) {
      signal.throwIfAborted();
      audits.set(row.cluster, { failure: failureOf(error) });
    }
    onRead(row.cluster);
  });
  if (read.size === 0) return audits;
  const knowledge = await readImageGraph([...read.values()].flatMap(wantedImages), deps, signal);
  for (const [cluster, pods] of read) audits.set(cluster, findInPods(pods, knowledge));
  return audits;
}

/** The pods of one cluster that are Git's. Throws what reading throws. */
export async function readManagedPods({ row, artifact }: AuditedCluster, deps: PodReading, signal: AbortSignal): Promise<ManagedPods> {
  return managedPods(await readPods(row, deps, signal), artifact);
}

async function readPods(row: ClusterRow, { connect }: PodReading, outer: AbortSignal): Promise<LivePods> {
  const signal = AbortSignal.any([outer, AbortSignal.timeout(CLUSTER_TIMEOUT_MS)]);
  await using scope = new AsyncDisposableStack();
  const client = scope.adopt(await connect(row, signal), (opened) => opened.close());
  const list = (resource: ApiResource) => client.list(resource, {}, signal);
  // Before their owners, so that no pod is younger than the list that its owner would be in.
  const pods: KubernetesObject[] = [];
  for await (const pod of client.listInPages(RESOURCES.pods, {}, signal)) pods.push(comparedPart(pod));
  const [nodes, replicaSets, controllerRevisions, jobs] = await Promise.all([
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
