import type { Clock } from '../../clock.ts';
import { inParallel } from '../../in-parallel.ts';
import type { ImageContentStore, StoredImage } from '../../storage/stores.ts';
import type { ImageConfig } from '../registry/image-config.ts';
import { digestKey, type ImageContents, type ImageDigest, type ManifestAnswer, type NoAnswer, unanswered } from '../registry/registry.ts';
import type { Platform } from '../types.ts';
import { childrenAt, type ImageKnowledge } from './image-knowledge.ts';

const CONFIGS_AT_ONCE = 4;
const EXISTENCE_MS = 3_600_000;
const SPOILT_CONFIG: ReadonlySet<string> = new Set(['DigestMismatch', 'MalformedConfig']);

/** A digest that somebody means or runs. */
export interface WantedImage extends ImageDigest {
  /** Meant by a template; what only runs is looked up to be compared. */
  readonly desired: boolean;
  /** Of the nodes that it is to run on. */
  readonly platforms: readonly Platform[];
  /** Mounted and never run: its config need not be that of an image. */
  readonly mounted?: true;
}

export interface GraphDependencies {
  readonly contents: ImageContents;
  readonly store: ImageContentStore;
  /** Until when a digest need not be asked for again, by `digestKey`; kept by the caller between runs. */
  readonly seen: Map<string, number>;
  readonly clock: Clock;
}

/**
 * Reads images through index, manifest and config: what was read before comes from the store for ever, since a digest names its bytes; that a
 * desired digest, and its children at the nodes' platforms, are still in their registry is asked once an hour. At most two calls for a hundred
 * digests of a repository: one for what is named or known, one for the children of indexes that were new; and one config for each new image.
 */
export async function readImageGraph(
  wanted: readonly WantedImage[],
  deps: GraphDependencies,
  signal: AbortSignal,
): Promise<ImageKnowledge> {
  const now = deps.clock.now().getTime();
  const graph = new Map<string, StoredImage>();
  const changed = new Set<string>();
  const standing = new Map<string, 'there' | NoAnswer>();
  const learn = (image: StoredImage) => {
    graph.set(image.digest, image);
    changed.add(image.digest);
  };
  const recall = async (images: readonly ImageDigest[]) => {
    const digests = [...new Set(images.map(({ digest }) => digest))].filter((digest) => !graph.has(digest));
    if (digests.length === 0) return;
    for (const [digest, image] of await deps.store.get(digests, signal)) graph.set(digest, image);
  };
  const isDue = (image: WantedImage) => !graph.has(image.digest) || (image.desired && (deps.seen.get(digestKey(image)) ?? 0) <= now);
  const ask = async (images: readonly WantedImage[]) => {
    if (images.length === 0) return;
    const answers = await deps.contents.manifests(images, signal);
    for (const image of images) {
      const key = digestKey(image);
      const answer: ManifestAnswer = answers.get(key) ?? unanswered(`digest ${image.digest}`);
      standing.set(key, answer.state === 'found' ? 'there' : answer);
      if (answer.state !== 'found') continue;
      if (!graph.has(image.digest)) learn(answer.manifest);
      deps.seen.set(key, now + EXISTENCE_MS);
    }
  };

  const named = unique(wanted);
  await recall(named);
  const known = childrenOf(named, graph);
  await recall(known);
  await ask(unique([...named, ...known]).filter(isDue));
  const children = childrenOf(named, graph);
  await recall(children);
  await ask(children.filter((child) => isDue(child) && !standing.has(digestKey(child))));

  const unread = unique([...named, ...children]).filter(({ digest, desired, mounted }) => {
    const image = graph.get(digest);
    return desired && mounted === undefined && image?.config !== undefined && image.build === undefined;
  });
  await inParallel(unread, CONFIGS_AT_ONCE, async (where) => {
    const image = graph.get(where.digest);
    if (image?.config === undefined) return;
    const answer = await deps.contents.config({ ...where, digest: image.config }, signal);
    if (answer.state !== 'found') {
      // What runs is compared without it. One that is gone, or is not what its digest names, keeps nodes from running the image.
      if (answer.state === 'missing' || SPOILT_CONFIG.has(answer.failure.reason)) standing.set(digestKey(where), answer);
      return;
    }
    const { platform, ...build } = answer.config;
    learn({ ...image, platform, build });
  });
  await deps.store.put([...changed].flatMap((digest) => graph.get(digest) ?? []));
  const lastSeen = (image: ImageDigest) => {
    const until = deps.seen.get(digestKey(image));
    return until === undefined ? undefined : until - EXISTENCE_MS;
  };
  return { graph, standing, lastSeen, builds: buildsOf(wanted, graph) };
}

/** Those that indexes have for the nodes that they are to run on. */
function childrenOf(images: readonly WantedImage[], graph: ReadonlyMap<string, StoredImage>): readonly WantedImage[] {
  return unique(images.flatMap((image) => childrenAt(image, image.platforms, graph).map((child) => ({ ...image, ...child }))));
}

/** Of an index, that of its first image: all are built by one run of one build. */
function buildsOf(
  wanted: readonly WantedImage[],
  graph: ReadonlyMap<string, StoredImage>,
): ReadonlyMap<string, Omit<ImageConfig, 'platform'>> {
  return new Map(
    wanted.flatMap(({ digest }) => {
      const image = graph.get(digest);
      const build = image?.build ?? image?.children.map((child) => graph.get(child.digest)?.build).find((one) => one !== undefined);
      return build === undefined ? [] : [[digest, build] as const];
    }),
  );
}

/** One of each digest and repository, desired if any of them is, mounted if all of them are, for the platforms of all. */
function unique(images: readonly WantedImage[]): readonly WantedImage[] {
  const merged = new Map<string, WantedImage>();
  for (const image of images) {
    const key = digestKey(image);
    const known = merged.get(key);
    if (known === undefined) {
      merged.set(key, image);
      continue;
    }
    const { mounted, ...rest } = image;
    merged.set(key, {
      ...rest,
      desired: image.desired || known.desired,
      platforms: distinct([...known.platforms, ...image.platforms]),
      ...(mounted && known.mounted ? { mounted } : {}),
    });
  }
  return [...merged.values()];
}

function distinct(platforms: readonly Platform[]): readonly Platform[] {
  return [...new Map(platforms.map((platform) => [`${platform.os}/${platform.architecture}`, platform])).values()];
}
