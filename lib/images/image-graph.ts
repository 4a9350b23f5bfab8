import type { Clock } from '../clock.ts';
import { inParallel } from '../in-parallel.ts';
import type { ImageContentStore, StoredImage } from '../storage/stores.ts';
import type { ImageConfig } from './image-config.ts';
import { digestKey, type ImageContents, type ImageDigest } from './registry.ts';
import type { Platform } from './types.ts';
import type { ImageGraph } from './verdict.ts';

const CONFIGS_AT_ONCE = 4;
const EXISTENCE_MS = 3_600_000;

/** A digest that somebody means or runs. */
export interface WantedImage extends ImageDigest {
  /** Meant by a template; what only runs is looked up to be compared. */
  readonly desired: boolean;
  /** Of the nodes that it is to run on. */
  readonly platforms: readonly Platform[];
}

/** What is known of the images of a fleet. */
export interface ImageKnowledge {
  readonly graph: ImageGraph;
  /** Desired digests that their registry has no more, by its own word. */
  readonly missing: ReadonlySet<string>;
  /** Desired digests that a registry was asked for and has: what was asked less than an hour ago is in neither. */
  readonly present: ReadonlySet<string>;
  /** How desired digests were built, by digest. */
  readonly builds: ReadonlyMap<string, Omit<ImageConfig, 'platform'>>;
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
 * desired digest is still in its registry is asked once an hour. At most two calls for a hundred digests of a repository: one for what is
 * named, one for the children of indexes; and one config for each new image.
 */
export async function readImageGraph(
  wanted: readonly WantedImage[],
  deps: GraphDependencies,
  signal: AbortSignal,
): Promise<ImageKnowledge> {
  const now = deps.clock.now().getTime();
  const graph = new Map<string, StoredImage>(await deps.store.get([...new Set(wanted.map(({ digest }) => digest))], signal));
  const changed = new Set<string>();
  const learn = (image: StoredImage) => {
    graph.set(image.digest, image);
    changed.add(image.digest);
  };

  const named = unique(wanted).filter((image) =>
    image.desired ? !graph.has(image.digest) || (deps.seen.get(digestKey(image)) ?? 0) <= now : !graph.has(image.digest),
  );
  const missing = new Set<string>();
  const present = new Set<string>();
  const answers = await deps.contents.manifests(named, signal);
  for (const image of named) {
    const answer = answers.get(digestKey(image));
    if (answer?.state === 'missing' && image.desired) missing.add(image.digest);
    if (answer?.state !== 'found') continue;
    if (image.desired) present.add(image.digest);
    if (!graph.has(image.digest)) learn(answer.manifest);
    deps.seen.set(digestKey(image), now + EXISTENCE_MS);
  }

  const children = unique(
    wanted.flatMap((image) =>
      (graph.get(image.digest)?.children ?? [])
        .filter(
          ({ platform }) =>
            platform === undefined || image.platforms.length === 0 || image.platforms.some((node) => sameMachine(platform, node)),
        )
        .map(({ digest }) => ({ ...image, digest })),
    ),
  );
  for (const [digest, image] of await deps.store.get(
    children.flatMap(({ digest }) => (graph.has(digest) ? [] : [digest])),
    signal,
  )) {
    graph.set(digest, image);
  }
  const unknown = children.filter(({ digest }) => !graph.has(digest));
  const found = unknown.length === 0 ? new Map() : await deps.contents.manifests(unknown, signal);
  for (const image of unknown) {
    const answer = found.get(digestKey(image));
    if (answer?.state === 'found') learn(answer.manifest);
  }

  const unread = [...wanted, ...children].filter(({ digest, desired }) => {
    const image = graph.get(digest);
    return desired && image?.config !== undefined && image.build === undefined;
  });
  await inParallel(unique(unread), CONFIGS_AT_ONCE, async (where) => {
    const image = graph.get(where.digest);
    if (image?.config === undefined) return;
    const answer = await deps.contents.config({ ...where, digest: image.config }, signal);
    if (answer.state !== 'found') return;
    const { platform, ...build } = answer.config;
    learn({ ...image, platform, build });
  });
  await deps.store.put([...changed].flatMap((digest) => graph.get(digest) ?? []));
  return { graph, missing, present, builds: buildsOf(wanted, graph) };
}

/** Of an index, that of its first image: all are built by one run of one build. */
function buildsOf(wanted: readonly WantedImage[], graph: ReadonlyMap<string, StoredImage>): ImageKnowledge['builds'] {
  return new Map(
    wanted.flatMap(({ digest }) => {
      const image = graph.get(digest);
      const build = image?.build ?? image?.children.map((child) => graph.get(child.digest)?.build).find((one) => one !== undefined);
      return build === undefined ? [] : [[digest, build] as const];
    }),
  );
}

/** One of each digest and repository, desired if any of them is, for the platforms of all. */
function unique(images: readonly WantedImage[]): readonly WantedImage[] {
  const merged = new Map<string, WantedImage>();
  for (const image of images) {
    const key = digestKey(image);
    const known = merged.get(key);
    const platforms = known === undefined ? image.platforms : [...known.platforms, ...image.platforms];
    merged.set(key, { ...image, desired: image.desired || known?.desired === true, platforms: distinct(platforms) });
  }
  return [...merged.values()];
}

function distinct(platforms: readonly Platform[]): readonly Platform[] {
  return [...new Map(platforms.map((platform) => [`${platform.os}/${platform.architecture}`, platform])).values()];
}

function sameMachine(a: Platform, b: Platform): boolean {
  return a.os === b.os && a.architecture === b.architecture;
}
