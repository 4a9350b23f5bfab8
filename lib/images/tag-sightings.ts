import { type Failure, failureOf } from '../errors.ts';
import { inParallel } from '../in-parallel.ts';
import type { TagHistoryStore, TagSighting } from '../storage/stores.ts';

const AT_ONCE = 16;
/** After so many the history itself is down, and waiting for it would take the time of everything else. */
const MOST_FAILURES = 3;

/** What our own history says of tags, by reference. */
export interface TagSightings {
  /** ISO 8601: when the digest that the tag names now was first seen there. */
  readonly seenAt: ReadonlyMap<string, string>;
  /** What the tag named before that, where it named something else. */
  readonly previous: ReadonlyMap<string, TagSighting>;
  /** Why the history of a tag could not be read or written: since when its digest is there is not known then. */
  readonly failures: ReadonlyMap<string, Failure>;
}

/** Keeps which digest each tag names now, where the history does not have it yet. One tag's failure stops no other. */
export async function keepSightings(
  digests: ReadonlyMap<string, string>,
  history: TagHistoryStore,
  now: string,
  signal: AbortSignal,
): Promise<TagSightings> {
  const seenAt = new Map<string, string>();
  const previous = new Map<string, TagSighting>();
  const failures = new Map<string, Failure>();
  await inParallel([...digests], AT_ONCE, async ([reference, digest]) => {
    const [given] = failures.values();
    if (given !== undefined && failures.size >= MOST_FAILURES) {
      failures.set(reference, given);
      return;
    }
    try {
      const last = (await history.last([reference])).get(reference);
      const before = last?.digest === digest ? last.previous : last;
      if (before !== undefined) previous.set(reference, { digest: before.digest, seenAt: before.seenAt });
      if (last?.digest !== digest) await history.append(reference, digest, now);
      seenAt.set(reference, last?.digest === digest ? last.seenAt : now);
    } catch (error) {
      signal.throwIfAborted();
      failures.set(reference, failureOf(error));
    }
  });
  return { seenAt, previous, failures };
}
