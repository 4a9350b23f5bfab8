import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../lib/manifests/json.ts';
import { showsDesired, showsDesiredAt } from '../../../lib/reconcile/shows-desired.ts';
import { configMap, IDENTITY, managed, ours } from './objects.ts';

const GIT = { data: { colour: 'blue' }, taints: ['a'], items: [{ name: 'x', value: 1 }], empty: {}, none: [] };

describe('the answer to a creation shows what Git states', () => {
  it.each<[string, JsonObject, boolean]>([
    ['as it is', { data: { colour: 'blue' }, taints: ['a'], items: [{ name: 'x', value: 1 }], empty: {}, none: [] }, true],
    ['with the server’s defaults beside it', { ...GIT, data: { colour: 'blue', size: 'large' }, more: true }, true],
    ['without what is empty', { data: { colour: 'blue' }, taints: ['a'], items: [{ name: 'x', value: 1 }] }, true],
    ['with more items of a list that is owned item by item', { ...GIT, items: [{ name: 'w' }, { name: 'x', value: 1, more: 2 }] }, true],
    ['but not with another value', { ...GIT, data: { colour: 'red' } }, false],
    ['but not without a field', { ...GIT, data: {} }, false],
    ['but not with more in a list that is owned as one', { ...GIT, taints: ['a', 'not-ready'] }, false],
    ['but not without an item', { ...GIT, items: [{ name: 'w' }] }, false],
  ])('%s', (_what, live, shown) => {
    expect(showsDesired(managed(configMap(live), ours(configMap(GIT))), configMap(GIT), IDENTITY.fieldManager)).toBe(shown);
  });
});

it('shows what Git states at the paths of a write, and nothing is asked of the others', () => {
  const path = [{ field: 'data' }, { field: 'colour' }];
  const shows = (colour: string) => {
    const answer = managed(configMap({ ...GIT, taints: [], data: { colour } }), ours(configMap(GIT)));
    return showsDesiredAt(answer, configMap(GIT), [path, [{ field: 'unsaid' }]], IDENTITY.fieldManager);
  };
  expect([shows('blue'), shows('red')]).toEqual([true, false]);
});
