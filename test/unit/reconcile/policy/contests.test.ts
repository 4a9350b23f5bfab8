import { describe, expect, it } from 'vitest';
import type { Contest } from '../../../../lib/fleet/contest.ts';
import { contestsAfter, fightSecondsOf, isFoughtOver, type Sighting, standOf } from '../../../../lib/reconcile/policy/contests.ts';

const START = Date.parse('2026-01-01T12:00:00Z');
const at = (minute: number) => new Date(START + minute * 60_000);
const iso = (minute: number) => at(minute).toISOString();
const lately = (minute: number, cycleMinutes = 1) => ({ now: at(minute), fightSeconds: fightSecondsOf(cycleMinutes * 60) });
const FIELD = { key: 'apps/Deployment/shop/web', path: 'spec.replicas', rival: 'kubectl-scale' };
const contest = (fields: Partial<Contest>): Contest => ({ ...FIELD, correctedAt: [], retreats: 0, ...fields });

describe('a field that its rival changed again', () => {
  it.each<[what: string, contests: readonly Contest[], minute: number, stand: string]>([
    ['is corrected the first time', [], 0, 'free'],
    ['is corrected the third time', [contest({ correctedAt: [iso(0), iso(1)] })], 2, 'free'],
    ['is left alone after three corrections', [contest({ correctedAt: [iso(0), iso(1), iso(2)] })], 3, `retreat ${iso(8)}`],
    ['is left alone after three slow ones', [contest({ correctedAt: [iso(0), iso(7), iso(14)] })], 15, `retreat ${iso(20)}`],
    ['is corrected when the first of three is too long ago', [contest({ correctedAt: [iso(0), iso(7), iso(14)] })], 15.1, 'free'],
    ['is corrected when others were fought over', [contest({ path: 'spec.paused', correctedAt: [iso(0), iso(1), iso(2)] })], 3, 'free'],
    ['is corrected when it is another rival', [contest({ rival: 'k9s', correctedAt: [iso(0), iso(1), iso(2)] })], 3, 'free'],
    ['is left alone as long as was said', [contest({ retreats: 1, until: iso(8) })], 7.9, `retreat ${iso(8)}`],
    ['is tried once more then', [contest({ retreats: 1, until: iso(8) })], 8, 'retry'],
    ['is left alone twice as long the next time', [contest({ retreats: 1, correctedAt: [iso(8)] })], 9, `retreat ${iso(19)}`],
    ['and again', [contest({ retreats: 3, correctedAt: [iso(8)] })], 9, `retreat ${iso(49)}`],
    ['for an hour at most', [contest({ retreats: 4, correctedAt: [iso(8)] })], 9, `retreat ${iso(69)}`],
    ['for an hour, however long it lasts', [contest({ retreats: 400, correctedAt: [iso(8)] })], 9, `retreat ${iso(69)}`],
  ])('%s', (_what, contests, minute, expected) => {
    const stand = standOf(contests, FIELD, lately(minute));
    expect(stand.state === 'retreat' ? `retreat ${stand.until.toISOString()}` : stand.state).toBe(expected);
  });
});

describe('what is remembered of fights', () => {
  const corrected: Sighting = { ...FIELD, did: 'corrected' };
  const retreated: Sighting = { ...FIELD, did: 'retreated', until: iso(8) };
  const nothing: Sighting = { ...FIELD, did: 'nothing' };

  it.each<
    [what: string, before: readonly Contest[], sightings: readonly Sighting[], compared: boolean, minute: number, after: readonly Contest[]]
  >([
    ['a first correction', [], [corrected], true, 0, [contest({ correctedAt: [iso(0)] })]],
    ['no drift that was only seen', [], [nothing], true, 0, []],
    ['a second correction', [contest({ correctedAt: [iso(0)] })], [corrected], true, 1, [contest({ correctedAt: [iso(0), iso(1)] })]],
    ['a correction that held for a quarter of an hour is forgotten', [contest({ correctedAt: [iso(0)] })], [], true, 15.1, []],
    ['one that holds for less is not', [contest({ correctedAt: [iso(0)] })], [], true, 14, [contest({ correctedAt: [iso(0)] })]],
    [
      'the first retreat',
      [contest({ correctedAt: [iso(2)] })],
      [retreated],
      true,
      3,
      [contest({ correctedAt: [iso(2)], retreats: 1, until: iso(8) })],
    ],
    [
      'the same retreat, seen again',
      [contest({ retreats: 1, until: iso(8) })],
      [retreated],
      true,
      4,
      [contest({ retreats: 1, until: iso(8) })],
    ],
    ['a retry', [contest({ retreats: 1, until: iso(8) })], [corrected], true, 8, [contest({ retreats: 1, correctedAt: [iso(8)] })]],
    [
      'a retry that could not be written',
      [contest({ retreats: 1, until: iso(8) })],
      [nothing],
      true,
      8,
      [contest({ retreats: 1, until: iso(8) })],
    ],
    ['a rival who put it back is forgotten', [contest({ retreats: 1, until: iso(8) })], [], true, 4, []],
    [
      'not while the object cannot be compared',
      [contest({ retreats: 1, until: iso(8) })],
      [],
      false,
      4,
      [contest({ retreats: 1, until: iso(8) })],
    ],
    ['unless that lasts', [contest({ retreats: 1, until: iso(8) })], [], false, 69, []],
  ])('%s', (_what, before, sightings, compared, minute, after) => {
    expect(contestsAfter(before, sightings, new Set(compared ? [FIELD.key] : []), lately(minute))).toEqual(after);
  });

  it('is bounded, and what is fought over longest is kept', () => {
    const many = Array.from({ length: 1000 }, (_, index): Sighting => ({ ...corrected, path: `data.k${index}` }));
    const fight = contest({ retreats: 2, until: iso(30) });
    const after = contestsAfter([fight], [...many, { ...nothing }], new Set([FIELD.key]), lately(0));
    expect(after).toHaveLength(200);
    expect(after[0]).toEqual(fight);
  });

  it('tells one fight from its first minute to its end, with a rival that never rests', () => {
    let contests: readonly Contest[] = [];
    let writes = 0;
    for (let minute = 0; minute < 600; minute += 1) {
      const stand = standOf(contests, FIELD, lately(minute));
      const sighting: Sighting =
        stand.state === 'retreat' ? { ...FIELD, did: 'retreated', until: stand.until.toISOString() } : { ...FIELD, did: 'corrected' };
      if (sighting.did === 'corrected') writes += 1;
      contests = contestsAfter(contests, [sighting], new Set([FIELD.key]), lately(minute));
      if (minute >= 3) expect(isFoughtOver(contests, FIELD.key)).toBe(true);
    }
    // Three, then after 5, 10, 20, 40 and each 60 minutes.
    expect(writes).toBeLessThan(3 + 4 + 10);
    expect(writes).toBeGreaterThan(10);
    expect(contestsAfter(contests, [], new Set([FIELD.key]), lately(700))).toEqual([]);
  });

  it.each([8, 30, 60, 1440])('tells a fight in runs that are %i minutes apart, some of them late', (cycle) => {
    let contests: readonly Contest[] = [];
    const stands: string[] = [];
    for (let run = 0; run < 4; run += 1) {
      const when = lately(run * cycle * 1.2, cycle);
      const { state } = standOf(contests, FIELD, when);
      stands.push(state);
      contests = contestsAfter(contests, [corrected], new Set([FIELD.key]), when);
    }
    expect(stands).toEqual(['free', 'free', 'free', 'retreat']);
    expect(contestsAfter(contests, [], new Set([FIELD.key]), lately(cycle * 1.2 * 3 + Math.max(16, cycle * 5), cycle))).toEqual([]);
  });
});
