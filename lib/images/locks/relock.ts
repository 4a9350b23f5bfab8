import type { Clock } from '../../clock.ts';
import { PlumblineError } from '../../errors.ts';
import type { LockStore } from '../../storage/stores.ts';
import { ImageReferenceError, parseImageReference, printableReference } from '../reference.ts';
import type { ImageRegistry } from '../registry/registry.ts';
import type { ImageLock } from '../types.ts';

export class RelockError extends PlumblineError {}

export interface RelockDependencies {
  readonly registry: Pick<ImageRegistry, 'resolve'>;
  readonly locks: Pick<LockStore, 'list' | 'relock'>;
  readonly clock: Clock;
}

export interface Relocked {
  readonly before: ImageLock;
  /** The same as `before` when the tag still names what is locked: then nothing was written. */
  readonly after: ImageLock;
}

/**
 * Locks a reference of a repository to what its tag names now, as a new generation that counts from the next commit on. Throws `RelockError`
 * when it is not locked, when its tag cannot be resolved, or when somebody else relocked it meanwhile.
 */
export async function relockImage(
  { repository, reference, reason }: { readonly repository: string; readonly reference: string; readonly reason: string },
  deps: RelockDependencies,
  signal: AbortSignal,
): Promise<Relocked> {
  const shown = printableReference(reference);
  const parsed = parseImageReference(reference);
  if (parsed instanceof ImageReferenceError) throw parsed;
  const before = (await deps.locks.list(repository, signal)).find((lock) => lock.reference === reference);
  if (before === undefined) {
    throw new RelockError(
      'NotLocked',
      `image ${shown}: repository ${repository} has no lock of it. Write it as the manifests do, without a digest.`,
    );
  }
  const resolution = (await deps.registry.resolve([parsed], signal)).get(reference);
  if (resolution?.state !== 'found') {
    const { reason: why, message } = resolution?.failure ?? { reason: 'MalformedAnswer', message: 'the registry did not answer for it' };
    throw new RelockError(
      'TagUnresolvable',
      `image ${shown}: its tag cannot be resolved (${why}: ${message}). It stays locked to ${before.digest}.`,
    );
  }
  if (resolution.digest === before.digest) return { before, after: before };
  const { digest, mediaType, platforms } = resolution;
  const resolvedAt = deps.clock.now().toISOString();
  const replacement = { reference, digest, mediaType, platforms, resolvedAt, generation: before.generation + 1, firstRevision: '', reason };
  const after = await deps.locks.relock(repository, replacement, before);
  if (after === undefined) {
    throw new RelockError('RelockedMeanwhile', `image ${shown}: somebody else relocked it just now. Look at it again before you do.`);
  }
  return { before, after };
}
