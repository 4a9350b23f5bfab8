import { describe, expect, it } from 'vitest';
import {
  advanceSlots,
  decodeSlots,
  encodeSlots,
  planSweep,
  type Slots,
  slotOf,
  type Vouched,
} from '../../../../lib/reconcile/surface/sweep.ts';

const MINUTE = 60;
const HOUR = 3600;
/** The first second of an hour. */
const START = Date.UTC(2026, 10, 25, 12) / 1000;
const at = (seconds: number) => new Date(seconds * 1000);
const keyOf = (index: number) => `/ConfigMap/team-${index % 7}/settings-${index}`;
const objects = (count: number, isFirst = false): readonly Vouched[] =>
  Array.from({ length: count }, (_, index) => ({ key: keyOf(index), isFirst }));
const all = (seconds: number): Slots => Array.from({ length: 60 }, () => seconds);

interface Swept {
  readonly slots: Slots;
  /** When each object was last swept. */
  readonly times: ReadonlyMap<string, number>;
  readonly largest: number;
}

/** Runs at these moments, each of which verifies what it sweeps. */
function sweepAt(moments: readonly number[], vouched: readonly Vouched[], from: Slots, intervalSeconds: number): Swept {
  let slots = from;
  let largest = 0;
  const times = new Map(vouched.map(({ key }) => [key, from[slotOf(key)] ?? 0]));
  for (const moment of moments) {
    const plan = planSweep(vouched, slots, { now: at(moment), intervalSeconds });
    for (const key of plan.keys) times.set(key, moment);
    largest = Math.max(largest, plan.keys.size);
    slots = advanceSlots(slots, (slot) => plan.slots.has(slot), moment);
  }
  return { slots, times, largest };
}

const every = (seconds: number, count: number, from = START) => Array.from({ length: count }, (_, index) => from + (index + 1) * seconds);

describe('the sweep', () => {
  it('has nothing to do right after everything was verified', () => {
    const plan = planSweep(objects(1000), all(START + 5), { now: at(START + 6), intervalSeconds: MINUTE });
    expect([plan.keys.size, plan.slots.size]).toEqual([0, 0]);
  });

  it.each([
    ['each minute', MINUTE, 60],
    ['every five minutes', 5 * MINUTE, 12],
    ['every hour', HOUR, 1],
    ['every six hours', 6 * HOUR, 1],
  ])('of a run %s verifies every object once, as much in each run', (_what, interval, runs) => {
    const { times, largest } = sweepAt(every(interval, runs), objects(6000), all(START), interval);
    expect([...times.values()].filter((time) => time === START)).toEqual([]);
    expect(largest).toBeLessThanOrEqual(Math.ceil((6000 / runs) * 1.3));
  });

  it('lets no object grow older than an hour and an interval, however many hours go by', () => {
    const { times } = sweepAt(every(MINUTE, 200), objects(500), all(START), MINUTE);
    expect(Math.min(...times.values())).toBeGreaterThanOrEqual(START + 200 * MINUTE - HOUR - MINUTE);
  });

  it('catches up with what late runs missed, at three times its rate', () => {
    const afterOutage = START + 40 * MINUTE;
    const first = planSweep(objects(6000), all(START), { now: at(afterOutage), intervalSeconds: MINUTE });
    expect(first.keys.size).toBeGreaterThan(150);
    expect(first.keys.size).toBeLessThanOrEqual(300);
    const { times } = sweepAt(every(MINUTE, 25, afterOutage - MINUTE), objects(6000), all(START), MINUTE);
    expect([...times.values()].filter((time) => time === START)).toEqual([]);
  });

  it('begins with everything, a little at a time, where nothing is remembered', () => {
    const { times, largest } = sweepAt(every(MINUTE, 30), objects(600), all(0), MINUTE);
    expect(largest).toBeLessThanOrEqual(30);
    expect([...times.values()].filter((time) => time === 0)).toEqual([]);
  });

  it('puts what the environment has another hand in first, at no more than twice its rate, and goes on beside it', () => {
    const vouched = [...objects(600, false), ...Array.from({ length: 600 }, (_, index) => ({ key: `/Secret/a/${index}`, isFirst: true }))];
    const plan = planSweep(vouched, all(START), { now: at(START + MINUTE), intervalSeconds: MINUTE });
    const first = [...plan.keys].filter((key) => key.startsWith('/Secret'));
    expect(first.length).toBeGreaterThanOrEqual(40);
    expect(plan.slots.size).toBeGreaterThanOrEqual(1);
    expect(plan.keys.size).toBeLessThanOrEqual(70);
  });

  it('takes a share as a whole, so that it may count as verified', () => {
    const vouched = objects(50);
    const plan = planSweep(vouched, all(0), { now: at(START), intervalSeconds: MINUTE });
    for (const { key } of vouched) if (plan.slots.has(slotOf(key))) expect(plan.keys.has(key)).toBe(true);
  });

  it('spreads objects evenly', () => {
    const sizes = [...Map.groupBy(objects(6000), ({ key }) => slotOf(key)).values()].map((group) => group.length);
    expect(sizes).toHaveLength(60);
    expect(Math.max(...sizes)).toBeLessThan(150);
    expect(Math.min(...sizes)).toBeGreaterThan(60);
  });
});

describe('what was swept is remembered', () => {
  it('as it was, in 320 characters', () => {
    const slots = Array.from({ length: 60 }, (_, slot) => START + slot);
    expect(encodeSlots(slots)).toHaveLength(320);
    expect(decodeSlots(encodeSlots(slots), at(START + HOUR))).toEqual(slots);
  });

  it.each([
    ['nothing', undefined],
    ['an empty text', ''],
    ['words', 'everything is fine'],
    ['too little', encodeSlots(all(START)).slice(4)],
    ['what lies ahead', encodeSlots(all(START + HOUR))],
  ])('and of %s nothing counts as verified', (_what, text) => {
    expect(decodeSlots(text, at(START))).toEqual(all(0));
  });
});
