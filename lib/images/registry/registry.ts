import type { Failure } from '../../errors.ts';
import type { TagSettings } from '../ecr/mutability.ts';
import type { RepositoryOrigin } from '../ecr/origins.ts';
import type { ImageReference, Platform } from '../types.ts';
import type { ImageConfig } from './image-config.ts';
import type { ReadManifest } from './manifest.ts';

/** Nothing there, by the registry's own word; or what kept us from knowing. */
export type NoAnswer =
  | { readonly state: 'missing'; readonly failure: Failure }
  | { readonly state: 'unverifiable'; readonly failure: Failure };

/**
 * What a tag names now. `missing` is the registry's own word that there is no such image; everything else that kept us from knowing
 * (access, throttling, keys, a digest that does not match) is `unverifiable`: never missing, and never a pass.
 */
export type Resolution =
  | { readonly state: 'found'; readonly digest: string; readonly mediaType: string; readonly platforms: readonly Platform[] }
  | NoAnswer;

export type RepositorySettings = { readonly state: 'found'; readonly settings: TagSettings; readonly origin?: RepositoryOrigin } | NoAnswer;

/** Something in a registry, by its digest. */
export interface ImageDigest extends Pick<ImageReference, 'registry' | 'repository'> {
  readonly digest: string;
}

export type ManifestAnswer = { readonly state: 'found'; readonly manifest: ReadManifest } | NoAnswer;
export type ConfigAnswer = { readonly state: 'found'; readonly config: ImageConfig } | NoAnswer;

/** What names and protects images. Both answer for every reference that they are given, and throw only when `signal` aborts. */
export interface ImageRegistry {
  /** What the tags of these references name now, by `text`. Digests in them are not looked at. */
  resolve(references: readonly ImageReference[], signal: AbortSignal): Promise<ReadonlyMap<string, Resolution>>;
  /** The settings of the repositories of these references, by `repositoryKey`. */
  settings(references: readonly ImageReference[], signal: AbortSignal): Promise<ReadonlyMap<string, RepositorySettings>>;
}

/** What images are. Both answer for everything that they are given, and throw only when `signal` aborts. */
export interface ImageContents {
  /** The manifests and indexes of these digests, by `digestKey`; hashed, so that they are what their digests name. */
  manifests(images: readonly ImageDigest[], signal: AbortSignal): Promise<ReadonlyMap<string, ManifestAnswer>>;
  /** A config by its own digest. */
  config(config: ImageDigest, signal: AbortSignal): Promise<ConfigAnswer>;
}

/** Tags and digests at once, where both are to be known: those of one repository share their calls. Answers as the calls for one of them do. */
export interface ImageLookup {
  lookUp(
    tags: readonly ImageReference[],
    digests: readonly ImageDigest[],
    signal: AbortSignal,
  ): Promise<{ readonly resolutions: ReadonlyMap<string, Resolution>; readonly manifests: ReadonlyMap<string, ManifestAnswer> }>;
}

/** Of a registry where a tag and a digest never share a call. */
export function lookUpApart(registry: ImageRegistry & ImageContents): ImageLookup['lookUp'] {
  return async (tags, digests, signal) => {
    const [resolutions, manifests] = await Promise.all([registry.resolve(tags, signal), registry.manifests(digests, signal)]);
    return { resolutions, manifests };
  };
}

/** `123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/web` */
export function repositoryKey(reference: Pick<ImageReference, 'registry' | 'repository'>): string {
  return `${reference.registry}/${reference.repository}`;
}

/** `123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/web@sha256:…` */
export function digestKey(image: ImageDigest): string {
  return `${repositoryKey(image)}@${image.digest}`;
}

/** For a registry that answered, but not for this. */
export function unanswered(subject: string): NoAnswer & { readonly state: 'unverifiable' } {
  return unverifiable('MalformedAnswer', `${subject}: the registry's answer does not mention it`);
}

export function unverifiable(reason: string, message: string): NoAnswer & { readonly state: 'unverifiable' } {
  return { state: 'unverifiable', failure: { reason, message: message.slice(0, MAX_MESSAGE_LENGTH) } };
}

const MAX_MESSAGE_LENGTH = 300;
