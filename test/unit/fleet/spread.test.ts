import { expect, it } from 'vitest';
import { delaySeconds } from '../../../lib/fleet/spread.ts';

const names = Array.from({ length: 1000 }, (_, index) => `cluster-${index}`);

it('starts a small fleet at once', () => {
  expect(names.slice(0, 19).map((name) => delaySeconds(name, 19))).toEqual(Array(19).fill(0));
});

it('gives a cluster the same delay at each tick', () => {
  expect(delaySeconds('prod-eu', 1000)).toBe(delaySeconds('prod-eu', 1000));
});

it('spreads a large fleet over half a minute, with no second that has more than twice its share', () => {
  const starts = new Map<number, number>();
  for (const name of names) starts.set(delaySeconds(name, 1000), (starts.get(delaySeconds(name, 1000)) ?? 0) + 1);
  expect(Math.min(...starts.keys())).toBe(0);
  expect(Math.max(...starts.keys())).toBe(30);
  expect(Math.max(...starts.values())).toBeLessThan((2 * 1000) / 31);
});
