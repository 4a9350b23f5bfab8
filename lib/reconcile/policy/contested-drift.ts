import type { Failure } from '../../errors.ts';
import { describeObject, type ObjectId } from '../../manifests/object.ts';
import { UNKNOWN_ACTOR } from '../actor.ts';
import type { Drift } from '../compare.ts';
import type { Difference } from '../diff.ts';
import { formatPath, type Path } from '../path.ts';
import { standOf } from './contests.ts';
import type { TargetMemory } from './memory.ts';

/** The class of a drift that is fought over: its record lasts as long as the fight. */
export const CONTESTED = 'contested';

/** Drift that is left to its rivals until a moment, or corrected once more. */
export interface ContestedDrift {
  readonly drift: Drift;
  /** Undefined where the moment has come. */
  readonly until: Date | undefined;
}

export interface DividedDrift {
  readonly free: readonly Drift[];
  /** What is left to its rivals the shortest is first. */
  readonly contested: readonly ContestedDrift[];
}

const OWNERSHIP: Drift = { class: CONTESTED, differences: [], actor: UNKNOWN_ACTOR };

/** Tells the fields of an object that are fought over from those that are not. */
export function divideDrift(key: string, drift: readonly Drift[], { contested }: TargetMemory, now: Date): DividedDrift {
  if (contested.length === 0) return { free: drift, contested: [] };
  const stand = (difference: Difference, group: Drift) => standOf(contested, { key, ...contestantsOf(difference, group) }, now);
  const free: Drift[] = [];
  const fought: { readonly until: Date | undefined; readonly difference: Difference; readonly group: Drift }[] = [];
  for (const group of drift) {
    const differences: Difference[] = [];
    for (const difference of group.differences) {
      const met = stand(difference, group);
      if (met.state === 'free') differences.push(difference);
      else fought.push({ until: met.state === 'retreat' ? met.until : undefined, difference, group });
    }
    if (differences.length > 0) free.push({ ...group, differences });
  }
  const byEnd = [...Map.groupBy(fought, ({ until }) => until?.getTime())].toSorted(([a], [b]) => (a ?? Infinity) - (b ?? Infinity));
  return {
    free,
    contested: byEnd.map(([until, each]) => ({
      until: until === undefined ? undefined : new Date(until),
      drift: { class: CONTESTED, differences: each.map(({ difference }) => difference), actor: actorOfRivals(each) },
    })),
  };
}

/** The same of an object whose values are right, and whose fields somebody takes from us again and again. */
export function contestedOwnership(key: string, { contested }: TargetMemory, now: Date): ContestedDrift | undefined {
  const met = standOf(contested, { key, path: '', rival: UNKNOWN_ACTOR.manager }, now);
  if (met.state === 'free') return undefined;
  return { drift: OWNERSHIP, until: met.state === 'retreat' ? met.until : undefined };
}

/** Bounded: with the object's key it is kept in the cluster's state. */
const MAX_PATH_LENGTH = 300;

/** Over what and against whom: where nothing tells who changed it, that is the rival's name. */
export function contestantsOf({ path, owner }: Pick<Difference, 'path' | 'owner'>, { actor }: Pick<Drift, 'actor'>) {
  return { path: contestPath(path), rival: owner ?? actor.manager };
}

function contestPath(path: Path): string {
  return formatPath(path).slice(0, MAX_PATH_LENGTH);
}

function actorOfRivals(fought: readonly { readonly difference: Difference; readonly group: Drift }[]): Drift['actor'] {
  const rivals = new Set(fought.map(({ difference, group }) => contestantsOf(difference, group).rival));
  const [only] = fought;
  if (only !== undefined && rivals.size === 1 && rivals.has(only.group.actor.manager)) return only.group.actor;
  return { manager: [...rivals].join(', ') };
}

/** What a record says of a fight; a person decides who is right. */
export function describeFight(id: ObjectId, { differences, actor }: Drift): Failure {
  const fields =
    differences.length === 0 ? 'the ownership of its fields' : [...new Set(differences.map(({ path }) => formatPath(path)))].join(', ');
  const rival =
    actor.manager === UNKNOWN_ACTOR.manager ? 'somebody whom managed fields do not name (look for an admission webhook)' : actor.manager;
  return {
    reason: 'Contested',
    message: `${describeObject(id)}: ${rival} changes ${fields.slice(0, 500)} again each time it is corrected. It is left alone for longer and longer, an hour at most. Say in Git what it is to be, ignore the field, or stop the other one.`,
  };
}
