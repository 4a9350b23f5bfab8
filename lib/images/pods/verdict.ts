import { type ReadManifest, SHA256_DIGEST } from '../registry/manifest.ts';
import type { Platform } from '../types.ts';

/** What is known of a digest: its manifest, and of a single manifest the platform that its config says. */
export interface KnownImage extends ReadManifest {
  readonly platform?: Platform;
}

/** Manifests by digest, whichever repository they were read from: the bytes are the same. */
export type ImageGraph = ReadonlyMap<string, KnownImage>;

/**
 * What a container runs, held against what its template means.
 *
 * `match`: the desired bytes. `alias`: another manifest of the same config, which is the same bytes under another name. `mismatch`: other
 * bytes. `wrong-platform`: the desired image, but that of a platform that the node is not. `unverifiable`: nothing is known of what runs.
 */
export type Verdict = 'match' | 'alias' | 'mismatch' | 'wrong-platform' | 'unverifiable';

export interface RunningImage {
  /** The digest that the template means. */
  readonly desired: string;
  /** `containerStatuses[].imageID`, in any of its forms; its repository says nothing, since containerd names the first that it knows. */
  readonly imageId: string;
  /** `containerStatuses[].image`: where it is `sha256:…`, the config. */
  readonly statusImage?: string;
  /** Of the node; absent when the node is not there any more. */
  readonly platform?: Platform;
}

/** Compares through index → manifest → config. An image id is no pulled digest, so that it differs proves nothing by itself. */
export function judgeRunning(running: RunningImage, graph: ImageGraph): Verdict {
  const { desired, platform } = running;
  const actual = digestOfImageId(running.imageId);
  const wanted = graph.get(desired);
  const ours = wanted === undefined ? [] : imagesAt(wanted, platform, graph);
  if (wanted !== undefined && platform !== undefined && wanted.children.length > 0 && ours.length === 0) return 'wrong-platform';
  if (actual === desired) return isForeignTo(wanted, platform) ? 'wrong-platform' : 'match';
  const configs = new Set(ours.flatMap(({ config }) => config ?? []));
  if (actual !== undefined) {
    if (configs.has(actual) || ours.some(({ digest }) => digest === actual)) return 'match';
    if (wanted !== undefined && namesOf(wanted, graph).has(actual)) return 'wrong-platform';
    const theirs = graph.get(actual);
    const theirConfigs = theirs === undefined ? [] : imagesAt(theirs, platform, graph).flatMap(({ config }) => config ?? []);
    const bare = isBare(running.imageId) && theirs === undefined ? [actual] : theirConfigs;
    if (bare.some((config) => configs.has(config))) return 'alias';
    if (bare.length > 0 && configs.size > 0) return 'mismatch';
  }
  const config = digestOfImageId(running.statusImage ?? '');
  if (config === undefined || !isBare(running.statusImage ?? '') || configs.size === 0) return 'unverifiable';
  return configs.has(config) ? 'match' : 'mismatch';
}

/** `repo@sha256:…`, `docker-pullable://repo@sha256:…`, `docker://sha256:…`, `sha256:…` → `sha256:…`. */
export function digestOfImageId(imageId: string): string | undefined {
  const digest = /(?:^|@|:\/\/)(sha256:[0-9a-f]{64})$/.exec(imageId)?.[1];
  return digest !== undefined && SHA256_DIGEST.test(digest) ? digest : undefined;
}

/** The config that a container runs, as far as it is known: what tells replicas apart. */
export function runningConfig({ imageId, statusImage, platform }: Omit<RunningImage, 'desired'>, graph: ImageGraph): string | undefined {
  const actual = digestOfImageId(imageId);
  const known = actual === undefined ? undefined : graph.get(actual);
  const [image] = known === undefined ? [] : imagesAt(known, platform, graph);
  if (image?.config !== undefined) return image.config;
  if (actual !== undefined && known === undefined && isBare(imageId)) return actual;
  return isBare(statusImage ?? '') ? digestOfImageId(statusImage ?? '') : undefined;
}

/** Whether an index has an image for a platform; undefined while it is not known. */
export function offersPlatform(digest: string, platform: Platform, graph: ImageGraph): boolean | undefined {
  const image = graph.get(digest);
  if (image === undefined) return undefined;
  if (image.children.length > 0) return image.children.some((child) => child.platform === undefined || fits(child.platform, platform));
  return image.platform === undefined ? undefined : fits(image.platform, platform);
}

/** The single images that a digest means at a platform: itself, or those children of an index that fit. */
function imagesAt(image: KnownImage, platform: Platform | undefined, graph: ImageGraph): readonly KnownImage[] {
  if (image.children.length === 0) return [image];
  const fitting = image.children.filter(
    (child) => child.platform === undefined || platform === undefined || fits(child.platform, platform),
  );
  return fitting.map(({ digest }) => graph.get(digest) ?? { digest, mediaType: '', platforms: [], children: [] });
}

/** Every digest by which an image may be known, at any platform. */
function namesOf(image: KnownImage, graph: ImageGraph): ReadonlySet<string> {
  const all = imagesAt(image, undefined, graph);
  return new Set([image.digest, ...all.flatMap(({ digest, config }) => (config === undefined ? [digest] : [digest, config]))]);
}

function isForeignTo(image: KnownImage | undefined, platform: Platform | undefined): boolean {
  if (image?.platform === undefined || platform === undefined || image.children.length > 0) return false;
  return !fits(image.platform, platform);
}

/** Whether an image is for a node. A variant is told by few nodes: where one side has none it decides nothing. */
export function fits(image: Platform, node: Platform): boolean {
  if (image.os === '' || image.architecture === '') return true;
  if (image.os !== node.os || image.architecture !== node.architecture) return false;
  return image.variant === undefined || node.variant === undefined || image.variant === node.variant;
}

/** Without a repository it is the digest of a config, not of a manifest. */
function isBare(imageId: string): boolean {
  return /^(?:docker:\/\/)?sha256:/.test(imageId);
}
