import { hash } from 'node:crypto';
import { PlumblineError } from '../../errors.ts';
import { inParallel } from '../../in-parallel.ts';
import { stringifyJson } from '../../manifests/json.ts';
import { maskSecrets } from '../../manifests/secrets.ts';
import type { RenderedSource } from '../../source/artifact.ts';
import type { KnownTree, LockStore, RenderedTree } from '../../storage/stores.ts';
import type { ImageLock } from '../types.ts';

const READS_AT_ONCE = 8;

/**
 * Which tree a commit has at its path. Two commits that render to the same have the same one, whoever renders them; of a chart, those that it is
 * rendered from the same files of, since servers of two versions get two renders of one commit.
 */
export function renderedTree({ reference, path, revision, inputs, objects }: RenderedSource): RenderedTree {
  if (inputs !== undefined) return { reference, path, revision, tree: inputs };
  // It is stored in the open.
  return { reference, path, revision, tree: hash('sha256', stringifyJson(objects.map(maskSecrets))) };
}

/**
 * As of how many relocks of its repository a commit is locked. What was said of the commit holds, on every cluster and for good. A new one has
 * all relocks that there were, unless it goes back to an earlier tree: then those of that tree's last artifact, so that a revert deploys the
 * bytes that ran before. A commit that changes nothing of the tree that it follows is no revert: with it a relock begins to count.
 */
export function relocksOf({ tree }: RenderedTree, { ofCommit, ofTree, head, relocks }: Omit<KnownTree, 'locks'>): number {
  return ofCommit ?? (head === tree ? undefined : ofTree) ?? relocks;
}

/** Each lock in the generation that it had after so many relocks of its repository. Throws when that one is not there any more. */
export async function locksAsOf(
  repository: string,
  current: ReadonlyMap<string, ImageLock>,
  relocks: number,
  locks: Pick<LockStore, 'generation'>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, ImageLock>> {
  const later = [...current.values()].filter((lock) => isLater(lock, relocks));
  if (later.length === 0) return current;
  const chosen = new Map(current);
  await inParallel(later, READS_AT_ONCE, async ({ reference, generation }) => {
    let lock: ImageLock | undefined;
    for (let earlier = generation - 1; lock === undefined || isLater(lock, relocks); earlier -= 1) {
      lock = await locks.generation(repository, reference, earlier, signal);
      if (lock === undefined) throw generationMissing(repository, reference, earlier);
    }
    chosen.set(reference, lock);
  });
  return chosen;
}

function isLater({ relock = 0 }: ImageLock, relocks: number): boolean {
  return relock > relocks;
}

function generationMissing(repository: string, reference: string, generation: number): PlumblineError {
  return new PlumblineError(
    'LockMissing',
    `image ${reference}: generation ${generation} of its lock for ${repository} is not in the state table, so the bytes that ran before are not known. Restore the item generation#${reference}#${generation}, or pin the digest in Git.`,
  );
}
