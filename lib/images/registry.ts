import type { Failure } from '../errors.ts';
import type { TagSettings } from './mutability.ts';
import type { ImageReference, Platform } from './types.ts';

/**
 * What a tag names now. `missing` is the registry's own word that there is no such image; everything else that kept us from knowing
 * (access, throttling, keys, a digest that does not match) is `unverifiable`: never missing, and never a pass.
 */
export type Resolution =
  | { readonly state: 'found'; readonly digest: string; readonly mediaType: string; readonly platforms: readonly Platform[] }
  | { readonly state: 'missing'; readonly failure: Failure }
  | { readonly state: 'unverifiable'; readonly failure: Failure };

export type RepositorySettings =
  | { readonly state: 'found'; readonly settings: TagSettings }
  | { readonly state: 'missing'; readonly failure: Failure }
  | { readonly state: 'unverifiable'; readonly failure: Failure };

/** The calls that we make of a registry. Both answer for every reference that they are given, and throw only when `signal` aborts. */
export interface ImageRegistry {
  /** What the tags of these references name now, by `text`. Digests in them are not looked at. */
  resolve(references: readonly ImageReference[], signal: AbortSignal): Promise<ReadonlyMap<string, Resolution>>;
  /** The settings of the repositories of these references, by `repositoryKey`. */
  settings(references: readonly ImageReference[], signal: AbortSignal): Promise<ReadonlyMap<string, RepositorySettings>>;
}

/** `123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/web` */
export function repositoryKey(reference: Pick<ImageReference, 'registry' | 'repository'>): string {
  return `${reference.registry}/${reference.repository}`;
}
