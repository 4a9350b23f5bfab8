import { type ImagePath, mapImagesAt } from '../manifests/image-paths.ts';
import { type KubernetesObject, type ObjectId, objectIdOf, objectKey } from '../manifests/object.ts';
import { mapImages } from '../manifests/pod-specs.ts';
import { ImageReferenceError, parseImageReference, printableReference } from './reference.ts';
import type { ImageLock, ImageReference } from './types.ts';

/** One image reference as Git has it, and the objects whose pod templates use it. */
export interface ImageUse {
  /** As Git has it: without the digest that our lock added. */
  readonly text: string;
  /** `text` as it may be shown and stored. */
  readonly shown: string;
  readonly parsed: ImageReference | ImageReferenceError;
  /** The lock that gave the objects their digest; absent before locking, and where Git itself has the digest. */
  readonly lock?: ImageLock;
  /** Sorted by key, never empty. */
  readonly objects: readonly UsingObject[];
}

export type UsingObject = ObjectId & { readonly apiVersion: string };

/** Every image string of an object replaced: those of its pod templates, and those at the paths that `plumbline.yaml` names of its kind. */
export function mapAllImages(object: KubernetesObject, paths: readonly ImagePath[], change: (image: string) => string): KubernetesObject {
  const mapped = mapImages(object, change);
  return paths.length === 0 ? mapped : mapImagesAt(mapped, paths, change);
}

/**
 * Every image reference of these objects, sorted. `locks` are the ones that were applied to the objects already, `paths` where custom
 * resources have images.
 */
export function imageUsesOf(
  objects: readonly KubernetesObject[],
  locks: readonly ImageLock[],
  paths: readonly ImagePath[] = [],
): readonly ImageUse[] {
  const lockOf = new Map(locks.map((lock) => [lockedText(lock.reference, lock.digest), lock]));
  const users = new Map<string, Map<string, UsingObject>>();
  for (const object of objects) {
    const id = objectIdOf(object);
    mapAllImages(object, paths, (image) => {
      const text = lockOf.get(image)?.reference ?? image;
      const using = users.get(text) ?? new Map<string, UsingObject>();
      users.set(text, using.set(objectKey(id), { ...id, apiVersion: object.apiVersion }));
      return image;
    });
  }
  const lockByReference = new Map(locks.map((lock) => [lock.reference, lock]));
  return [...users].sort(byKey).map(([text, using]) => {
    const lock = lockByReference.get(text);
    return {
      text,
      shown: printableReference(text),
      parsed: parseImageReference(text),
      ...(lock === undefined ? {} : { lock }),
      objects: [...using].sort(byKey).map(([, object]) => object),
    };
  });
}

/** The reference that is deployed: what Git wrote, and the digest that it meant. */
export function lockedText(reference: string, digest: string): string {
  return `${reference}@${digest}`;
}

/** The reference as the objects have it once they are locked. */
export function deployedText({ text, lock }: Pick<ImageUse, 'text' | 'lock'>): string {
  return lock === undefined ? text : lockedText(text, lock.digest);
}

/** The reference, where it is a tag that Git does not pin itself: the ones that are locked. */
export function unpinnedTagOf({ parsed }: ImageUse): ImageReference | undefined {
  return parsed instanceof ImageReferenceError || parsed.digest !== undefined ? undefined : parsed;
}

/** The reference, where Git has both a tag and a digest: the tag says what the digest is meant to be. */
export function pinnedTagOf({ parsed }: ImageUse): ImageReference | undefined {
  return parsed instanceof ImageReferenceError || parsed.digest === undefined || parsed.tag === undefined ? undefined : parsed;
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
