import { expect, it } from 'vitest';
import { boundChanges } from '../../../lib/records/bound-changes.ts';

it('leaves changes of an ordinary size alone', () => {
  const changes = [{ path: 'spec', desired: { a: [1, 2n] }, live: null }];
  expect(boundChanges(changes)).toEqual(changes);
});

it('says how large a value was that it leaves out', () => {
  expect(boundChanges([{ path: 'data.file', desired: 'x'.repeat(20_000), live: 'y' }])).toEqual([
    { path: 'data.file', desired: '(20002 bytes, left out for their size)', live: 'y' },
  ]);
});

it('keeps the first paths of a long list and says how many it leaves out', () => {
  const changes = Array.from({ length: 100 }, (_, index) => ({ path: `data.k${index}`, live: 'x'.repeat(10_000) }));
  const bounded = boundChanges(changes);
  expect(Buffer.byteLength(JSON.stringify(bounded))).toBeLessThan(200 * 1024);
  expect(bounded.at(-1)).toEqual({ path: `(${100 - (bounded.length - 1)} more paths, left out for their size)` });
});

it('gives the same when it is applied to its own result, so that a stored record compares equal', () => {
  const changes = Array.from({ length: 100 }, (_, index) => ({ path: `data.k${index}`, live: 'x'.repeat(10_000 + 100 * index) }));
  expect(boundChanges(boundChanges(changes))).toEqual(boundChanges(changes));
});
