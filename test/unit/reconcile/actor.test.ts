import { describe, expect, it } from 'vitest';
import type { ManagedFieldsEntry } from '../../../lib/manifests/object.ts';
import { actorOf } from '../../../lib/reconcile/actor.ts';
import type { Difference } from '../../../lib/reconcile/diff.ts';
import { configMap, IDENTITY, managed, ours, update } from './objects.ts';

const data = (key: string, shape: Difference['shape'] = 'changed') => ({ path: [{ field: 'data' }, { field: key }], shape });
const owns = (...keys: readonly string[]) => ({ 'f:data': Object.fromEntries(keys.map((key) => [`f:${key}`, {}])) });
const UNKNOWN = { manager: 'unknown' };

describe('the actor', () => {
  it.each<[string, readonly ManagedFieldsEntry[], readonly Pick<Difference, 'path' | 'shape'>[], object]>([
    [
      'owns the field',
      [update('kubectl-edit', owns('a'), 7)],
      [data('a')],
      { manager: 'kubectl-edit', operation: 'Update', at: '2026-01-01T00:00:07Z' },
    ],
    ['owns something inside it', [update('k9s', { 'f:data': { 'f:a': { 'f:x': {} } } })], [data('a')], { manager: 'k9s' }],
    ['owns the atomic value around it', [update('k9s', { 'f:data': {} })], [data('a')], { manager: 'k9s' }],
    ['owns the atomic value from which it was removed', [update('k9s', { 'f:data': {} })], [data('a', 'removed')], { manager: 'k9s' }],
    ['is the latest of several owners', [update('old', owns('a'), 1), update('new', owns('a'), 2)], [data('a')], { manager: 'new' }],
    [
      'are all of those who changed something',
      [update('one', owns('a'), 1), update('two', owns('b'), 2)],
      [data('a'), data('b')],
      { manager: 'two, one' },
    ],
    ['wrote through a subresource', [update('kubectl', owns('a'), 0, 'scale')], [data('a')], { manager: 'kubectl' }],
    ['is unknown of a status', [update('kubelet', owns('a'), 0, 'status')], [data('a')], UNKNOWN],
    ['is unknown of a removed field', [update('kubectl-edit', owns('b'))], [data('a', 'removed')], UNKNOWN],
    ['is unknown of an order', [update('kubectl-edit', owns('a'))], [data('a', 'reordered')], UNKNOWN],
    ['is unknown where one of the differences is', [update('kubectl-edit', owns('a'))], [data('a'), data('b')], UNKNOWN],
    ['is never ourselves', [ours(configMap({ data: { a: '1' } }))], [data('a')], UNKNOWN],
    ['is unknown once managed fields are cleared', [], [data('a')], UNKNOWN],
  ])('%s', (_what, entries, differences, actor) => {
    const found = actorOf(managed(configMap({ data: { a: '1' } }), ...entries), differences, IDENTITY.fieldManager);
    expect(found).toMatchObject(actor);
    if (actor === UNKNOWN) expect(found).toEqual(UNKNOWN);
  });
});

describe('managed fields that cannot be read', () => {
  it.each(['k:{broken', 'v:', 'x:y', 'k:[1]', ''])('name nobody and break nothing: %j', (name) => {
    const live = managed(configMap({ list: [{ name: 'a' }] }), update('kubectl', { 'f:list': { [name]: {}, '.': {} } }));
    const path = [{ field: 'list' }, { keys: { name: 'a' } }];
    expect(actorOf(live, [{ path, shape: 'changed' }], IDENTITY.fieldManager)).toEqual(UNKNOWN);
  });
});
