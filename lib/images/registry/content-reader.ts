import type { Clock } from '../../clock.ts';
import { inParallel } from '../../in-parallel.ts';
import type { ImageContentStore, StoredImage } from '../../storage/stores.ts';
import type { RolloutImage } from '../types.ts';
import type { ImageConfig } from './image-config.ts';
import { digestKey, type ImageContents, type ImageDigest } from './registry.ts';

const CONFIGS_AT_ONCE = 4;
/** Before what could not be read is asked for again. */
const RETRY_MS = 600_000;

export type ImagePlatforms = Required<Pick<RolloutImage, 'isIndex' | 'platforms'>>;

export type ImageBuild = Omit<ImageConfig, 'platform'>;

/** Reads what images contain. Both answer by `digestKey`, leave out what is not known, and throw only when `signal` aborts or the store fails. */
export interface ContentReader {
  /** The platforms that digests have images for; left out too where an index does not say it of all its images. */
  platforms(images: readonly ImageDigest[], signal: AbortSignal): Promise<ReadonlyMap<string, ImagePlatforms>>;
  /** How images were built: of an index, its first one, since one run of one build makes all. */
  builds(images: readonly ImageDigest[], signal: AbortSignal): Promise<ReadonlyMap<string, ImageBuild>>;
}

export interface ContentReaderDependencies {
  readonly contents: ImageContents;
  readonly store: ImageContentStore;
  readonly clock: Clock;
}

/** A digest names its bytes, so each is read once: its manifest, and of a single one its config. */
export function createContentReader({ contents, store, clock }: ContentReaderDependencies): ContentReader {
  const known = new Map<string, StoredImage>();
  const retryAt = new Map<string, number>();

  /** From the store, or else from its registry. */
  async function load(images: readonly ImageDigest[], signal: AbortSignal): Promise<void> {
    const now = clock.now().getTime();
    const due = images.filter((image) => !isRead(known.get(image.digest)) && (retryAt.get(digestKey(image)) ?? 0) <= now);
    if (due.length === 0) return;
    for (const [digest, image] of await store.get([...new Set(due.map(({ digest }) => digest))], signal)) known.set(digest, image);
    const learned: StoredImage[] = [];
    const unknown = due.filter(({ digest }) => !known.has(digest));
    const answers = unknown.length === 0 ? new Map() : await contents.manifests(unknown, signal);
    for (const image of unknown) {
      const answer = answers.get(digestKey(image));
      if (answer?.state !== 'found') continue;
      known.set(image.digest, answer.manifest);
      learned.push(answer.manifest);
    }
    await inParallel(due, CONFIGS_AT_ONCE, async (image) => {
      const manifest = known.get(image.digest);
      if (manifest?.config !== undefined && manifest.platform === undefined) {
        const answer = await contents.config({ ...image, digest: manifest.config }, signal);
        if (answer.state === 'found') {
          const { platform, ...build } = answer.config;
          const read = { ...manifest, platform, build };
          known.set(image.digest, read);
          learned.push(read);
        }
      }
      if (!isRead(known.get(image.digest))) retryAt.set(digestKey(image), now + RETRY_MS);
    });
    await store.put([...new Map(learned.map((image) => [image.digest, image])).values()]);
  }

  async function readAll<T>(
    images: readonly ImageDigest[],
    read: (image: ImageDigest) => T | undefined,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, T>> {
    await load(unique(images), signal);
    return new Map(
      images.flatMap((image) => {
        const found = read(image);
        return found === undefined ? [] : [[digestKey(image), found] as const];
      }),
    );
  }

  /** The image itself, or the first one of an index. */
  function built(image: ImageDigest): ImageDigest {
    return { ...image, digest: known.get(image.digest)?.children[0]?.digest ?? image.digest };
  }

  return {
    platforms: (images, signal) => readAll(images, ({ digest }) => platformsOf(known.get(digest)), signal),

    async builds(images, signal) {
      await load(unique(images), signal);
      await load(unique(images.map(built)), signal);
      return await readAll(images, (image) => known.get(built(image).digest)?.build, signal);
    },
  };
}

function unique(images: readonly ImageDigest[]): readonly ImageDigest[] {
  return [...new Map(images.map((image) => [digestKey(image), image])).values()];
}

function isRead(image: StoredImage | undefined): boolean {
  return image !== undefined && (image.config === undefined || image.platform !== undefined);
}

function platformsOf(image: StoredImage | undefined): ImagePlatforms | undefined {
  if (image === undefined) return undefined;
  const isIndex = image.children.length > 0;
  const all = isIndex ? image.children.map(({ platform }) => platform) : [image.platform];
  const platforms = all.flatMap((platform) =>
    platform === undefined || platform.os === '' || platform.architecture === '' ? [] : platform,
  );
  return platforms.length < all.length ? undefined : { isIndex, platforms };
}
