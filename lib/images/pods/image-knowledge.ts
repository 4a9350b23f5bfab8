import type { StoredImage } from '../../storage/stores.ts';
import type { ImageConfig } from '../registry/image-config.ts';
import { digestKey, type ImageDigest, type NoAnswer } from '../registry/registry.ts';
import type { Platform } from '../types.ts';

/** What is known of the images of a fleet. */
export interface ImageKnowledge {
  readonly graph: ReadonlyMap<string, StoredImage>;
  /**
   * What registries said just now of what they were asked for, by `digestKey`; the same digest can be in one repository and not in another.
   * What was asked less than an hour ago is not here.
   */
  readonly standing: ReadonlyMap<string, 'there' | NoAnswer>;
  /** When this process last saw an image in its registry (epoch milliseconds). */
  readonly lastSeen: (image: ImageDigest) => number | undefined;
  /** How desired digests were built, by digest. */
  readonly builds: ReadonlyMap<string, Omit<ImageConfig, 'platform'>>;
}

/** Whether nodes can pull an image: it is there, with what they need of it, since `seenAt`; or what stands against that. */
export type Standing = { readonly state: 'there'; readonly seenAt: number } | NoAnswer;

/** Of an image and, where it is an index, its children for these nodes. Undefined where too little was asked to tell. */
export function standingOf(image: ImageDigest, platforms: readonly Platform[], knowledge: ImageKnowledge): Standing | undefined {
  const parts = [image, ...childrenAt(image, platforms, knowledge.graph)];
  const refusals = parts.flatMap((part) => {
    const answer = knowledge.standing.get(digestKey(part));
    return answer === undefined || answer === 'there' ? [] : [answer];
  });
  const refusal = refusals.find(({ state }) => state === 'missing') ?? refusals[0];
  if (refusal !== undefined) return refusal;
  const seen = parts.map(knowledge.lastSeen);
  return seen.every((at) => at !== undefined) ? { state: 'there', seenAt: Math.min(...seen) } : undefined;
}

/** The images of an index that nodes of these platforms run; without platforms, all of them. */
export function childrenAt(
  image: ImageDigest,
  platforms: readonly Platform[],
  graph: ReadonlyMap<string, Pick<StoredImage, 'children'>>,
): readonly ImageDigest[] {
  const { registry, repository } = image;
  return (graph.get(image.digest)?.children ?? [])
    .filter(({ platform }) => platform === undefined || platforms.length === 0 || platforms.some((node) => isSameMachine(platform, node)))
    .map(({ digest }) => ({ registry, repository, digest }));
}

function isSameMachine(a: Platform, b: Platform): boolean {
  return a.os === b.os && a.architecture === b.architecture;
}
