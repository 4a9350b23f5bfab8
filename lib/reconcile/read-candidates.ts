import type { ApiResource } from '../kubernetes/client.ts';
import type { Observing, Reading } from './observe.ts';
import { endsRun } from './run-error.ts';
import { kindOf, nameOf, oursIn, type Surface } from './surface/index.ts';
import type { Target } from './target.ts';

export interface ReadingInBulk extends Observing {
  readonly row: { readonly mode: 'observe' | 'enforce' | 'off' };
}

/** So many objects of a kind, at most, are read one by one. */
const FEW = 20;
/** Pages are read where one in so many of their objects is a candidate: one by one is less than all of them else. */
const WORTHWHILE = 4;

/** Whether pages are read instead of so many objects of a kind that has so many in all. */
export function isWorthInPages(wanted: number, all: number): boolean {
  return wanted > FEW && wanted * WORTHWHILE >= all;
}

/**
 * Reads candidates in bulk where there are many of a kind: after the checkpoint was lost, and before the first apply. It decides nothing: what
 * it cannot tell, and what turns out to have moved since, is read by itself.
 */
export async function* readCandidates(candidates: readonly Target[], { kinds }: Surface, reading: ReadingInBulk): AsyncGenerator<Reading> {
  for (const [kind, targets] of Map.groupBy(candidates, ({ resource }) => kindOf(resource))) {
    const [first] = targets;
    const known = kinds.get(kind);
    if (first === undefined || known?.state !== 'listed') {
      yield* unread(targets);
      continue;
    }
    const { there = [], others = [] } = Object.groupBy(targets, ({ id }) => (known.objects.has(nameOf(id)) ? 'there' : 'others'));
    yield* isWorthInPages(there.length, known.objects.size) ? readInPages(first.resource, there, reading) : unread(there);
    yield* others.length > FEW ? lookForNames(first.resource, others, reading) : unread(others);
  }
}

function unread(targets: Iterable<Target>): readonly Reading[] {
  return [...targets].map((target) => ({ target }));
}

/** Objects that are there, page by page. What the pages do not have by now, or could not be read of them, is left to be read by itself. */
async function* readInPages(
  resource: ApiResource,
  targets: readonly Target[],
  { client, identity, signal, row }: ReadingInBulk,
): AsyncGenerator<Reading> {
  const wanted = new Map(targets.map((target) => [nameOf(target.id), target]));
  try {
    for await (const seen of client.listInPages(resource, oursIn({ identity, row }), signal)) {
      const name = nameOf(seen.metadata);
      const target = wanted.get(name);
      if (target === undefined) continue;
      wanted.delete(name);
      yield { target, seen };
      if (wanted.size === 0) return;
    }
  } catch (error) {
    if (endsRun(error, signal)) throw error;
  }
  yield* unread(wanted.values());
}

/**
 * Objects that the surface does not have: new ones, mostly, and those of others, which do not carry our label. The names of all objects of
 * the kind tell them apart; those of others are read. What is new is about to be created, as what is not there: the server refuses that
 * should there be one that its list does not show.
 */
async function* lookForNames(
  resource: ApiResource,
  targets: readonly Target[],
  { client, signal, validateAbsent }: ReadingInBulk,
): AsyncGenerator<Reading> {
  const isNew = ({ baseline, knownUid, knownJob }: Target): boolean =>
    !validateAbsent && baseline === undefined && knownUid === undefined && knownJob === undefined;
  const { fresh = [], others = [] } = Object.groupBy(targets, (target) => (isNew(target) ? 'fresh' : 'others'));
  yield* unread(others);
  if (fresh.length <= FEW) {
    yield* unread(fresh);
    return;
  }
  const wanted = new Set(fresh.map(({ id }) => nameOf(id)));
  const present = await namesOf(resource, wanted, { client, signal });
  for (const target of fresh) yield present === undefined || present.has(nameOf(target.id)) ? { target } : { target, seen: 'absent' };
}

/** Which of these names the kind has; undefined when it cannot be listed. */
async function namesOf(
  resource: ApiResource,
  wanted: ReadonlySet<string>,
  { client, signal }: Pick<ReadingInBulk, 'client' | 'signal'>,
): Promise<ReadonlySet<string> | undefined> {
  const reduce = (metadata: { readonly namespace?: string; readonly name: string }) => {
    const name = nameOf(metadata);
    return wanted.has(name) ? name : undefined;
  };
  try {
    return new Set((await client.listMetadata(resource, { reduce }, signal)).items);
  } catch (error) {
    if (endsRun(error, signal)) throw error;
    return undefined;
  }
}
