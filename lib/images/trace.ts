import { PlumblineError } from '../errors.ts';
import type { Artifact } from '../source/artifact.ts';
import { type AuditedCluster, type PodAuditDependencies, readManagedPods, wantedImages } from './audit-pods.ts';
import { readImageGraph } from './image-graph.ts';
import { lockedText } from './image-uses.ts';
import { platformKey } from './manifest.ts';
import { containersOf, statusesOf } from './pod-templates.ts';
import { parseImageReference, printableReference } from './reference.ts';
import { judgeRunning, runningConfig, type Verdict } from './verdict.ts';

export class TraceError extends PlumblineError {}

/** One container, from Git to the node. What is absent is not known. */
export interface ContainerTrace {
  readonly container: string;
  /** The commit of the artifact that is desired now. */
  readonly revision: string;
  /** As Git has it. */
  readonly reference: string;
  readonly lock?: { readonly digest: string; readonly resolvedAt: string; readonly generation: number; readonly firstRevision: string };
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
  readonly verdict?: Verdict;
}

/** Follows each container of one pod from the commit to the bytes on the node. Throws `TraceError` when Git has no workload with that pod. */
export async function tracePod(
  cluster: AuditedCluster & { readonly artifact: Pick<Artifact, 'objects' | 'defaultNamespace' | 'digests' | 'revision'> },
  pod: { readonly namespace: string; readonly name: string },
  deps: PodAuditDependencies,
  signal: AbortSignal,
): Promise<readonly ContainerTrace[]> {
  const managed = await readManagedPods(cluster, deps, signal);
  const found = managed.pods.find(({ pod: { metadata } }) => metadata.namespace === pod.namespace && metadata.name === pod.name);
  if (found === undefined) {
    throw new TraceError(
      'PodNotFound',
      `pod ${pod.namespace}/${pod.name}: cluster ${cluster.row.cluster} has no such pod of a workload that is in Git. Check its name with kubectl.`,
    );
  }
  const { graph, builds } = await readImageGraph(wantedImages({ ...managed, pods: [found], meant: [] }), deps, signal);
  const statuses = statusesOf(found.pod);
  const { revision, digests } = cluster.artifact;
  const node = nodeOf(found.pod.spec);
  return containersOf(found.template).map(({ name, image }) => {
    const parsed = parseImageReference(image);
    const desired = parsed instanceof Error ? undefined : parsed.digest;
    const lock = digests.find((one) => lockedText(one.reference, one.digest) === image);
    const status = statuses.get(name);
    const running = status === undefined ? undefined : { ...status, ...(found.platform === undefined ? {} : { platform: found.platform }) };
    const config = running === undefined ? undefined : runningConfig(running, graph);
    const builtFrom = desired === undefined ? undefined : builds.get(desired)?.revision;
    const children = (desired === undefined ? undefined : graph.get(desired))?.children ?? [];
    return {
      container: name,
      revision,
      reference: printableReference(lock?.reference ?? image),
      ...(lock === undefined
        ? {}
        : { lock: { digest: lock.digest, resolvedAt: lock.resolvedAt, generation: lock.generation, firstRevision: lock.firstRevision } }),
      ...(desired === undefined ? {} : { desired }),
      children: Object.fromEntries(
        children.map((child) => [child.platform === undefined ? 'any' : platformKey(child.platform), child.digest]),
      ),
      ...(config === undefined ? {} : { config }),
      ...(builtFrom === undefined ? {} : { builtFrom }),
      ...(status === undefined ? {} : { imageId: status.imageId }),
      ...(node === undefined ? {} : { node }),
      ...(found.platform === undefined ? {} : { platform: platformKey(found.platform) }),
      ...(running === undefined || desired === undefined ? {} : { verdict: judgeRunning({ desired, ...running }, graph) }),
    };
  });
}

function nodeOf(spec: unknown): string | undefined {
  return typeof spec === 'object' && spec !== null && 'nodeName' in spec && typeof spec.nodeName === 'string' ? spec.nodeName : undefined;
}
