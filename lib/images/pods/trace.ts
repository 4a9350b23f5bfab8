import { PlumblineError } from '../../errors.ts';
import { objectKey } from '../../manifests/object.ts';
import type { Artifact } from '../../source/artifact.ts';
import type { LockStore } from '../../storage/stores.ts';
import { lockedText } from '../image-uses.ts';
import { printableReference } from '../reference.ts';
import { platformKey } from '../registry/manifest.ts';
import type { FindingId, ImageLock } from '../types.ts';
import { type AuditedCluster, type PodReading, readManagedPods, wantedImages } from './audit-pods.ts';
import { type GraphDependencies, readImageGraph } from './image-graph.ts';
import type { ImageKnowledge } from './image-knowledge.ts';
import type { ManagedPods } from './managed-pods.ts';
import { digestOf } from './pod-sightings.ts';
import { type BarePod, containersOf, type SpecContainer, statusesOf, type TemplatedPod } from './pod-templates.ts';
import { judgeRunning, runningConfig, type Verdict } from './verdict.ts';

/** Generations of a lock that are looked through for the one that a pod of before has. */
const MOST_GENERATIONS = 20;

export class TraceError extends PlumblineError {}

/** One container, from Git to the node. What is absent is not known. */
export interface ContainerTrace {
  readonly container: string;
  /** The commit of the artifact that is desired now, where that means this very image; a pod of an older template has another. */
  readonly revision?: string;
  /** As Git has it, or as the pod does where no template has the container. */
  readonly reference: string;
  readonly lock?: Pick<ImageLock, 'digest' | 'resolvedAt' | 'generation' | 'firstRevision' | 'reason'>;
  /** What the pod's own template names. */
  readonly desired?: string;
  /** The manifests that an index has, by platform. */
  readonly children: Readonly<Record<string, string>>;
  /** The digest of the config that runs. */
  readonly config?: string;
  /** The commit that the image says it was built from. */
  readonly builtFrom?: string;
  readonly imageId?: string;
  readonly node?: string;
  readonly platform?: string;
  /** Absent where there is nothing to compare: it has not started, or no digest says what it should run. */
  readonly verdict?: Verdict;
  /** How the container in the pod is not that of its template. */
  readonly changed?: Extract<FindingId, 'pod.ephemeral' | 'pod.injected' | 'pod.image-patched'>;
}

export interface TraceDependencies extends GraphDependencies, PodReading {
  readonly locks: Pick<LockStore, 'list' | 'generation'>;
}

type TracedCluster = AuditedCluster & {
  readonly artifact: Pick<Artifact, 'objects' | 'defaultNamespace' | 'digests' | 'revision'>;
};

/**
 * Follows each container of one pod from the commit to the bytes on the node, also those that its template has not. Throws `TraceError` when Git has
 * no workload with that pod.
 */
export async function tracePod(
  cluster: TracedCluster,
  pod: { readonly namespace: string; readonly name: string },
  deps: TraceDependencies,
  signal: AbortSignal,
): Promise<readonly ContainerTrace[]> {
  const managed = await readManagedPods(cluster, deps, signal);
  const isAsked = ({ pod: { metadata } }: BarePod) => metadata.namespace === pod.namespace && metadata.name === pod.name;
  const found = managed.pods.find(isAsked);
  const untold = managed.untold.find(isAsked);
  if (found === undefined && untold === undefined) {
    throw new TraceError(
      'PodNotFound',
      `pod ${pod.namespace}/${pod.name}: cluster ${cluster.row.cluster} has no such pod of a workload that is in Git. Check its name with kubectl.`,
    );
  }
  if (found === undefined) return untold === undefined ? [] : traceUntold(untold);
  const knowledge = await readImageGraph(wantedImages({ ...managed, pods: [found], meant: [] }), deps, signal);
  const locks = await locksOf(found, cluster, deps.locks, signal);
  const templated = new Map(containersOf(found.template).map((container) => [container.name, container]));
  const inPod = new Map(containersOf(found.pod.spec).map((container) => [container.name, container]));
  const ofTemplate = [...templated.values()].map((meant) => {
    const traced = traceContainer(found, meant, locks.get(meant.image), knowledge);
    const isDesired = meansNow(managed, found, meant);
    const isPatched = inPod.get(meant.name)?.image !== meant.image;
    return {
      ...traced,
      ...(isDesired ? { revision: cluster.artifact.revision } : {}),
      ...(isPatched ? { changed: 'pod.image-patched' as const } : {}),
    };
  });
  const others = [...inPod.values()].filter(({ name }) => !templated.has(name));
  return [
    ...ofTemplate,
    ...others.map((other) => ({
      ...traceUnmeant(found, other),
      changed: other.list === 'ephemeralContainers' ? ('pod.ephemeral' as const) : ('pod.injected' as const),
    })),
  ];
}

/** Whether the desired artifact means this very image in this place; a bare pod of Git has its template there. */
function meansNow({ meant }: ManagedPods, { workload }: TemplatedPod, { name, image }: SpecContainer): boolean {
  return meant.some((one) => objectKey(one.workload) === objectKey(workload) && one.place === name && one.image === image);
}

/** The locks that gave the images of a template their digests, by image: those of the artifact, else earlier ones of the repository. */
async function locksOf(
  { template }: TemplatedPod,
  { row, artifact }: TracedCluster,
  locks: TraceDependencies['locks'],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, ImageLock>> {
  const known = new Map(artifact.digests.map((lock) => [lockedText(lock.reference, lock.digest), lock]));
  const unknown = containersOf(template).flatMap(({ image }) => (known.has(image) || digestOf(image) === undefined ? [] : [image]));
  const current = unknown.length === 0 ? [] : await locks.list(row.repository, signal);
  for (const image of unknown) {
    const newest = current.find(({ reference }) => image.startsWith(`${reference}@`));
    let lock = newest;
    for (let back = 1; lock !== undefined && lockedText(lock.reference, lock.digest) !== image && back <= MOST_GENERATIONS; back += 1) {
      const generation = (newest?.generation ?? 0) - back;
      lock = generation < 1 ? undefined : await locks.generation(row.repository, lock.reference, generation, signal);
    }
    if (lock !== undefined && lockedText(lock.reference, lock.digest) === image) known.set(image, lock);
  }
  return known;
}

function traceContainer(
  { pod, platform }: TemplatedPod,
  { name, image }: SpecContainer,
  lock: ImageLock | undefined,
  { graph, builds }: ImageKnowledge,
): ContainerTrace {
  const desired = digestOf(image)?.digest;
  const status = statusesOf(pod).get(name);
  const running = status === undefined ? undefined : { ...status, ...(platform === undefined ? {} : { platform }) };
  const config = running === undefined ? undefined : runningConfig(running, graph);
  const builtFrom = desired === undefined ? undefined : builds.get(desired)?.revision;
  const children = (desired === undefined ? undefined : graph.get(desired))?.children ?? [];
  return {
    ...traceUnmeant({ pod, ...(platform === undefined ? {} : { platform }) }, { name, image: lock?.reference ?? image }),
    ...(lock === undefined
      ? {}
      : {
          lock: {
            digest: lock.digest,
            resolvedAt: lock.resolvedAt,
            generation: lock.generation,
            firstRevision: lock.firstRevision,
            ...(lock.reason === undefined ? {} : { reason: lock.reason }),
          },
        }),
    ...(desired === undefined ? {} : { desired }),
    children: Object.fromEntries(
      children.map((child) => [child.platform === undefined ? 'any' : platformKey(child.platform), child.digest]),
    ),
    ...(config === undefined ? {} : { config }),
    ...(builtFrom === undefined ? {} : { builtFrom }),
    ...(running === undefined || desired === undefined ? {} : { verdict: judgeRunning({ desired, ...running }, graph) }),
  };
}

/** A pod of which it is not known what it was made from: nothing says what its containers should run. */
function traceUntold(bare: BarePod): readonly ContainerTrace[] {
  return containersOf(bare.pod.spec).map((container) => ({ ...traceUnmeant(bare, container), verdict: 'unverifiable' as const }));
}

/** What is so of a container, whatever it should be. */
function traceUnmeant({ pod, platform }: BarePod, { name, image }: Pick<SpecContainer, 'name' | 'image'>): ContainerTrace {
  const imageId = statusesOf(pod).get(name)?.imageId;
  const node = nodeOf(pod.spec);
  return {
    container: name,
    reference: printableReference(image),
    children: {},
    ...(imageId === undefined ? {} : { imageId: printableReference(imageId) }),
    ...(node === undefined ? {} : { node }),
    ...(platform === undefined ? {} : { platform: platformKey(platform) }),
  };
}

function nodeOf(spec: unknown): string | undefined {
  return typeof spec === 'object' && spec !== null && 'nodeName' in spec && typeof spec.nodeName === 'string' ? spec.nodeName : undefined;
}
