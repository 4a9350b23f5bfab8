import type { WantedImage } from '../../lib/images/pods/image-graph.ts';
import type { LivePods } from '../../lib/images/pods/pod-templates.ts';
import { digestKey, type ImageContents, type ImageDigest, type ManifestAnswer } from '../../lib/images/registry/registry.ts';
import type { KubernetesObject } from '../../lib/manifests/object.ts';
import type { ImageContentStore, StoredImage } from '../../lib/storage/stores.ts';

export const digest = (digit: string) => `sha256:${digit.repeat(64)}`;

/** One pod as a kubelet reports it. */
export interface PlayedPod {
  readonly name: string;
  readonly image: string;
  readonly imageId?: string;
  readonly node?: string;
  /** `ReplicaSet web-1`, with the template's image where it is another; absent for a pod that nothing controls. */
  readonly owner?: { readonly kind: string; readonly name: string; readonly above?: string; readonly template?: string };
  readonly debug?: string;
}

/** What an API server would list, of pods whose ReplicaSets are there; other kinds of owners keep no template. */
export function livePods(pods: readonly PlayedPod[], nodes: Readonly<Record<string, string>> = { amd: 'amd64' }): LivePods {
  const replicaSets = new Map<string, KubernetesObject>();
  for (const { image, owner } of pods) {
    if (owner?.kind !== 'ReplicaSet' || owner.above === undefined) continue;
    const metadata = {
      namespace: 'shop',
      name: owner.name,
      uid: owner.name,
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: owner.above, uid: owner.above, controller: true }],
    };
    const spec = { template: { spec: specOf(owner.template ?? image) } };
    replicaSets.set(owner.name, { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata, spec });
  }
  return {
    pods: pods.map(livePod),
    nodes: Object.entries(nodes).map(([name, architecture]) => ({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name },
      status: { nodeInfo: { operatingSystem: 'linux', architecture } },
    })),
    replicaSets: [...replicaSets.values()],
    controllerRevisions: [],
    jobs: [],
  };
}

function livePod({ name, image, imageId, node = 'amd', owner, debug }: PlayedPod): KubernetesObject {
  const reference = owner && { apiVersion: 'v1', kind: owner.kind, name: owner.name, uid: owner.name, controller: true };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'shop', name, uid: name, ...(reference === undefined ? {} : { ownerReferences: [reference] }) },
    spec: {
      ...specOf(image),
      nodeName: node,
      ...(debug === undefined ? {} : { ephemeralContainers: [{ name: 'debugger', image: debug }] }),
    },
    ...(imageId === undefined ? {} : { status: { containerStatuses: [{ name: 'app', imageID: imageId }] } }),
  };
}

function specOf(image: string) {
  return { containers: [{ name: 'app', image, securityContext: { readOnlyRootFilesystem: true } }] };
}

/** A registry that says of each digest what it is told to, and counts what it is asked. What it is not told of is there, as a single image. */
export interface PlayedRegistry extends ImageContents {
  /** By `REPOSITORY@DIGEST`, or by digest in any repository. */
  readonly answers: Map<string, ManifestAnswer>;
  readonly asked: ImageDigest[][];
}

export function playedRegistry(): PlayedRegistry {
  const answers = new Map<string, ManifestAnswer>();
  const asked: ImageDigest[][] = [];
  const answerFor = (image: ImageDigest): ManifestAnswer =>
    answers.get(digestKey(image)) ?? answers.get(image.digest) ?? { state: 'found', manifest: single(image.digest) };
  return {
    answers,
    asked,
    manifests: async (images) => {
      asked.push([...images]);
      return new Map(images.map((image) => [digestKey(image), answerFor(image)]));
    },
    config: async () => ({
      state: 'found',
      config: { platform: { os: 'linux', architecture: 'amd64' }, revision: 'a1', mutableSteps: [] },
    }),
  };
}

export function single(one: string) {
  return { digest: one, mediaType: 'x', platforms: [], children: [], config: `${one.slice(0, -1)}0` };
}

/** An index with a child for each of these architectures. */
export function index(one: string, children: Readonly<Record<string, string>>): ManifestAnswer {
  const platforms = Object.keys(children).map((architecture) => ({ os: 'linux', architecture }));
  const entries = Object.entries(children).map(([architecture, child]) => ({
    digest: child,
    platform: { os: 'linux', architecture },
  }));
  return { state: 'found', manifest: { digest: one, mediaType: 'x', platforms, children: entries } };
}

export function memoryImageContents(): ImageContentStore {
  const known = new Map<string, StoredImage>();
  return {
    get: async (digests) => new Map(digests.flatMap((one) => (known.has(one) ? [[one, known.get(one)] as const] : [])).filter(hasImage)),
    put: async (images) => {
      for (const image of images) known.set(image.digest, image);
    },
  };
}

function hasImage(entry: readonly [string, StoredImage | undefined]): entry is readonly [string, StoredImage] {
  return entry[1] !== undefined;
}

export function wantedAt(registry: string, one: string, architectures: readonly string[] = ['amd64']): WantedImage {
  const platforms = architectures.map((architecture) => ({ os: 'linux', architecture }));
  return { registry, repository: 'web', digest: one, desired: true, platforms };
}
