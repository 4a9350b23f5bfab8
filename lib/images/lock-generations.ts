import { createHash } from 'node:crypto';
import { stringifyJson } from '../manifests/json.ts';
import { maskSecrets } from '../manifests/secrets.ts';
import type { RenderedSource } from '../source/artifact.ts';
import type { LockedTree, LockStore } from '../storage/stores.ts';
import type { ImageLock } from './types.ts';

/** What a branch and path rendered to, before any digest: two commits that render to the same have the same tree. */
export interface RenderedTree {
  /** `BRANCH PATH` */
  readonly place: string;
  /** A hash; data of Secrets are not in it, since it is stored in the open. */
  readonly tree: string;
  readonly revision: string;
}

export function renderedTree({ reference, path, revision, objects }: RenderedSource): RenderedTree {
  const hash = createHash('sha256');
  for (const object of objects) hash.update(stringifyJson(maskSecrets(object))).update('\n');
  return { place: `${reference} ${path}`, tree: hash.digest('hex'), revision };
}

/** What is stored of a place, and of this tree at it. */
export type KnownPlace = Omit<Awaited<ReturnType<LockStore['readTree']>>, 'locks'>;

/** Whether the same commit was locked here last, so that there is nothing to store. */
export function isKept({ tree, revision }: RenderedTree, { known, head }: KnownPlace): boolean {
  return known?.revision === revision && head === tree;
}

/**
 * The locks of a commit. They are the current ones, unless the commit renders to what an earlier one did: then those of that one's last
 * artifact, so that deploying it again, or reverting to it, deploys the bytes that ran before. A commit that changes nothing else than that it
 * follows is no revert: with it a relock begins to count.
 */
export async function locksOfTree(
  repository: string,
  current: ReadonlyMap<string, ImageLock>,
  tree: RenderedTree,
  { known, head }: KnownPlace,
  locks: Pick<LockStore, 'generation'>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, ImageLock>> {
  const isRepeated = known !== undefined && (known.revision === tree.revision || head !== tree.tree);
  if (!isRepeated) return current;
  const chosen = new Map(current);
  for (const lock of current.values()) {
    const generation = known.generations[lock.reference] ?? FIRST;
    if (generation === lock.generation) continue;
    const earlier = await locks.generation(repository, lock.reference, generation, signal);
    if (earlier !== undefined) chosen.set(lock.reference, earlier);
  }
  return chosen;
}

/** What is kept of a commit's locks: the first generation goes without saying. */
export function lockedTree({ tree, revision }: RenderedTree, used: readonly ImageLock[]): LockedTree {
  const relocked = used
    .filter(({ generation }) => generation !== FIRST)
    .map(({ reference, generation }) => [reference, generation] as const);
  return { tree, revision, generations: Object.fromEntries(relocked) };
}

const FIRST = 1;
