import type { Contest } from '../../fleet/contest.ts';

/** So many corrections of one field within so long, each of them undone by the same rival, are a fight. */
const CORRECTIONS = 3;
const WITHIN_SECONDS = 15 * 60;
/** Runs that follow each other late are still within. */
const SLACK = 1.5;

/** Within how long: where runs are far apart, or wait before they correct, so many corrections take longer. `cycleSeconds`: from one to the next. */
export function fightSecondsOf(cycleSeconds: number): number {
  return Math.max(WITHIN_SECONDS, CORRECTIONS * cycleSeconds * SLACK);
}

/** A moment, and how long before it corrections count. */
export interface Lately {
  readonly now: Date;
  readonly fightSeconds: number;
}

/** How long a contested field is left to its rival: twice as long each time, an hour at most. */
const FIRST_RETREAT_SECONDS = 5 * 60;
const LONGEST_RETREAT_SECONDS = 60 * 60;

/** Kept in an item of the state table, which a query reads with those of all other clusters. */
const MAX_CONTESTS = 200;

/** Which field of which object, against whom. */
export type Contested = Pick<Contest, 'key' | 'path' | 'rival'>;

/**
 * How a field that its rival has changed again is met: corrected as any other (`free`), left to the rival until a moment (`retreat`), or
 * corrected once more, since that moment has come (`retry`).
 */
export type Stand = { readonly state: 'free' } | { readonly state: 'retreat'; readonly until: Date } | { readonly state: 'retry' };

export function standOf(contests: readonly Contest[], { key, path, rival }: Contested, lately: Lately): Stand {
  const { now } = lately;
  const contest = contests.find((each) => each.key === key && each.path === path && each.rival === rival);
  if (contest === undefined) return { state: 'free' };
  if (contest.until !== undefined) {
    const until = new Date(contest.until);
    return until > now ? { state: 'retreat', until } : { state: 'retry' };
  }
  const isFight = contest.retreats > 0 || recent(contest, lately).length >= CORRECTIONS;
  if (!isFight) return { state: 'free' };
  const seconds = Math.min(FIRST_RETREAT_SECONDS * 2 ** contest.retreats, LONGEST_RETREAT_SECONDS);
  return { state: 'retreat', until: new Date(now.getTime() + seconds * 1000) };
}

/** A field that a run saw changed, and what it did about it. */
export interface Sighting extends Contested {
  readonly did: 'corrected' | 'retreated' | 'nothing';
  /** ISO 8601, of a retreat. */
  readonly until?: string;
}

/**
 * What to remember after a run. A contest is over when its field stays as we want it: at once while it is left to its rival, who has put it
 * back then, else once its last correction is so long ago that it does not count any more. `compared`: the keys of objects of which the run can say so.
 */
export function contestsAfter(
  before: readonly Contest[],
  sightings: readonly Sighting[],
  compared: ReadonlySet<string>,
  lately: Lately,
): readonly Contest[] {
  const { now } = lately;
  const seen = new Map(sightings.map((sighting) => [idOf(sighting), sighting]));
  const known = new Set(before.map(idOf));
  const kept = before.flatMap((contest): readonly Contest[] => {
    const sighting = seen.get(idOf(contest));
    if (sighting !== undefined) return [metAgain(contest, sighting, lately)];
    const isOver =
      contest.until === undefined ? recent(contest, lately).length === 0 : compared.has(contest.key) || isStale(contest.until, now);
    return isOver ? [] : [contest];
  });
  const begun = sightings
    .filter((sighting) => sighting.did === 'corrected' && !known.has(idOf(sighting)))
    .map(({ key, path, rival }): Contest => ({ key, path, rival, correctedAt: [now.toISOString()], retreats: 0 }));
  return [...kept, ...begun].toSorted(mostContestedFirst).slice(0, MAX_CONTESTS);
}

/** Whether a field of the object is fought over: until that is over, the record of it stays open. */
export function isFoughtOver(contests: readonly Contest[], key: string): boolean {
  return contests.some((contest) => contest.key === key && contest.retreats > 0);
}

function metAgain(contest: Contest, { did, until }: Sighting, lately: Lately): Contest {
  const { until: left, ...rest } = contest;
  switch (did) {
    case 'corrected':
      return { ...rest, correctedAt: [...recent(contest, lately), lately.now.toISOString()].slice(-CORRECTIONS) };
    case 'retreated':
      return until === undefined || until === left ? contest : { ...rest, until, retreats: contest.retreats + 1 };
    case 'nothing':
      return contest;
  }
}

function recent({ correctedAt }: Contest, { now, fightSeconds }: Lately): readonly string[] {
  return correctedAt.filter((at) => now.getTime() - Date.parse(at) <= fightSeconds * 1000);
}

/** Of an object that is not compared any more nothing more will be heard. */
function isStale(until: string, now: Date): boolean {
  return now.getTime() - Date.parse(until) > LONGEST_RETREAT_SECONDS * 1000;
}

function idOf({ key, path, rival }: Contested): string {
  return JSON.stringify([key, path, rival]);
}

function mostContestedFirst(a: Contest, b: Contest): number {
  return (
    b.retreats - a.retreats ||
    b.correctedAt.length - a.correctedAt.length ||
    (b.correctedAt.at(-1) ?? '').localeCompare(a.correctedAt.at(-1) ?? '')
  );
}
