import type { Failure } from '../../errors.ts';
import type { Contest } from '../../fleet/contest.ts';
import { describeObject, type ObjectId } from '../../manifests/object.ts';
import { UNKNOWN_ACTOR } from '../actor.ts';
import type { Drift } from '../compare.ts';
import type { Difference } from '../diff.ts';
import { formatPath, type Path } from '../path.ts';
import { type Lately, standOf } from './contests.ts';
import type { TargetMemory } from './memory.ts';

/** The class of a drift that is fought over: its record lasts as long as the fight. */
export const CONTESTED = 'contested';

/** Drift that is left to its rivals until a moment, or corrected once more. */
export interface ContestedDrift {
  readonly drift: Drift;
  /** Where it is not about single fields. */
  readonly whole?: Whole;
  /** Undefined where the moment has come. */
  readonly until: Date | undefined;
}

export interface DividedDrift {
  readonly free: readonly Drift[];
  /** What is left to its rivals the shortest is first. */
  readonly contested: readonly ContestedDrift[];
}

/**
 * What can be fought over beside single fields, by what the object is found to be: the ownership of its fields, where the values are right; or one
 * that has to be deleted first. An object that is missing is brought back however often it goes: nothing is worse than that it is not there.
 */
const WHOLES = {
  present: { path: '(ownership)', words: 'the ownership of its fields' },
  immutable: { path: '(immutable)', words: 'a field that cannot be changed' },
} as const;

export type Whole = keyof typeof WHOLES;

/** Tells the fields of an object that are fought over from those that are not. */
export function divideDrift(key: string, drift: readonly Drift[], { contested }: TargetMemory, lately: Lately): DividedDrift {
  if (contested.length === 0) return { free: drift, contested: [] };
  const stand = (difference: Difference, group: Drift) => standOf(contested, { key, ...contestantsOf(difference, group) }, lately);
  const free: Drift[] = [];
  const fought: { readonly until: Date | undefined; readonly difference: Difference; readonly group: Drift }[] = [];
  for (const group of drift) {
    const differences: Difference[] = [];
    for (const difference of group.differences) {
      const met = stand(difference, group);
      if (met.state === 'free') differences.push(difference);
      else fought.push({ until: met.state === 'retreat' ? met.until : undefined, difference, group });
    }
    if (differences.length > 0 || group.differences.length === 0) free.push({ ...group, differences });
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

/** The same of an object as a whole. Nothing tells who it is. */
export function contestedWhole(key: string, whole: Whole, { contested }: TargetMemory, lately: Lately): ContestedDrift | undefined {
  const met = standOf(contested, { key, ...contestantsOfWhole(whole) }, lately);
  if (met.state === 'free') return undefined;
  const drift = { class: CONTESTED, differences: [], actor: UNKNOWN_ACTOR };
  return { drift, whole, until: met.state === 'retreat' ? met.until : undefined };
}

export function contestantsOfWhole(whole: Whole): Pick<Contest, 'path' | 'rival'> {
  return { path: WHOLES[whole].path, rival: UNKNOWN_ACTOR.manager };
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
export function describeFight(id: ObjectId, { drift: { differences, actor }, whole }: ContestedDrift): Failure {
  const fields = whole === undefined ? [...new Set(differences.map(({ path }) => formatPath(path)))].join(', ') : WHOLES[whole].words;
  const rival =
    actor.manager === UNKNOWN_ACTOR.manager ? 'somebody whom managed fields do not name (look for an admission webhook)' : actor.manager;
  return {
    reason: 'Contested',
    message: `${describeObject(id)}: ${rival} changes ${fields.slice(0, 500)} again each time it is corrected. It is left alone for longer and longer, an hour at most. Say in Git what it is to be, ignore the field, or stop the other one.`,
  };
}
