import { isDeepStrictEqual } from 'node:util';
import { PlumblineError } from '../errors.ts';
import { type KubernetesObject, type ObjectId, objectIdOf, objectKey } from '../manifests/object.ts';
import type { Artifact } from '../source/artifact.ts';
import type { ArtifactStore, Followed, Inventory } from '../storage/stores.ts';
import type { KnownJob } from './jobs.ts';

/** What earlier runs left of one object. */
export interface KnownObject {
  readonly uid?: string;
  readonly job?: KnownJob;
  readonly followed?: Followed;
  /**
   * There when the cluster was once brought to, or seen equal to, an artifact; `object` is that artifact's version, undefined when the
   * artifact is gone.
   */
  readonly baseline?: { readonly object: KubernetesObject | undefined };
}

/** Earlier runs, by the object as this cluster scopes it and as the manifest was written. */
export type History = (scoped: ObjectId, written: KubernetesObject) => KnownObject | undefined;

/** Whether Git says something else of an object than what the cluster was last brought to; so it does where nothing is known. */
export function isMoved(known: KnownObject | undefined, written: KubernetesObject): boolean {
  return known?.baseline === undefined || !isDeepStrictEqual(known.baseline.object, written);
}

/**
 * Reads the artifacts that the inventory's objects were last brought to. In the ordinary case that is the desired one alone, and nothing is
 * read; while a rollout is under way it is one more; an object that cannot be applied keeps its own.
 */
export async function readHistory(
  inventory: Pick<Inventory, 'objects'>,
  desired: { readonly digest: string; readonly artifact: Artifact },
  artifacts: Pick<ArtifactStore, 'get'>,
  signal: AbortSignal,
): Promise<History> {
  const entries = new Map(inventory.objects.map((entry) => [objectKey(entry), entry]));
  const versions = new Map([[desired.digest, byKey(desired.artifact)]]);
  // What Git brings back is met as for the first time.
  const kept = inventory.objects.filter(({ absent }) => absent === undefined);
  for (const digest of new Set(kept.flatMap((entry) => entry.artifact ?? []))) {
    if (!versions.has(digest)) versions.set(digest, await readVersion(digest, artifacts, signal));
  }
  return (scoped, written) => {
    const entry = entries.get(objectKey(scoped));
    if (entry === undefined) return undefined;
    const known = {
      ...(entry.uid === undefined ? {} : { uid: entry.uid }),
      ...(entry.job === undefined ? {} : { job: entry.job }),
      ...(entry.followed === undefined ? {} : { followed: entry.followed }),
    };
    if (entry.artifact === undefined || entry.absent !== undefined || entry.recreating === true) return known;
    const version = versions.get(entry.artifact);
    // A manifest may leave the namespace to the cluster, or name one for a kind that has none.
    const keys = [scoped, objectIdOf(written), { ...scoped, namespace: '' }].map(objectKey);
    return { ...known, baseline: { object: keys.map((key) => version?.get(key)).find((object) => object !== undefined) } };
  };
}

async function readVersion(
  digest: string,
  artifacts: Pick<ArtifactStore, 'get'>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, KubernetesObject>> {
  try {
    return byKey(await artifacts.get(digest, signal));
  } catch (error) {
    // Gone: then these objects are met as for the first time, which is a rollout and hides nothing.
    if (error instanceof PlumblineError) return new Map();
    throw error;
  }
}

function byKey(artifact: Artifact): ReadonlyMap<string, KubernetesObject> {
  return new Map(artifact.objects.map((object) => [objectKey(objectIdOf(object)), object]));
}
