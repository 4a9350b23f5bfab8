import { expect, it } from 'vitest';
import { objectKey } from '../../../../lib/manifests/object.ts';
import { type Pruned, rememberPruning } from '../../../../lib/reconcile/prune/index.ts';
import type { Inventory, InventoryObject } from '../../../../lib/storage/stores.ts';
import { LONG_AGO, NOW, removed } from './objects.ts';

const now = NOW.toISOString();
const failure = { reason: 'X', message: 'x' };

function remember(entry: Partial<InventoryObject>, outcome: Pruned['outcome'], inventory: Partial<Inventory> = {}, source = 'here') {
  const { absent: _absent, ...seen } = removed().entry;
  const one = { ...removed(), entry: { ...seen, ...entry } };
  const before: Inventory = { clusterUid: 'c', source: 'here', objects: [one.entry], ...inventory };
  const pruning = {
    removed: { known: true, live: [one], gone: new Set<string>(), unknown: new Map() },
    judgement: { verdicts: [], allowance: { expect: 9, left: 9 }, usesAllowance: true },
    pruned: [{ removed: one, outcome }],
  };
  return rememberPruning(before, pruning, { source, now });
}

it.each<[string, Partial<InventoryObject>, Pruned['outcome'], Partial<InventoryObject> | undefined]>([
  ['is absent from now on', {}, { action: 'wait', until: 'x' }, { absent: { since: now } }],
  ['is absent for as long as it was', { absent: { since: LONG_AGO } }, { action: 'wait', until: 'x' }, { absent: { since: LONG_AGO } }],
  ['that is kept is looked at again', { absent: { since: LONG_AGO } }, { action: 'keep', failure }, { absent: { since: LONG_AGO } }],
  ['that stays for good is not', {}, { action: 'orphan', failure }, { absent: { since: now, orphaned: true } }],
  ['that could not be deleted is kept', { absent: { since: LONG_AGO } }, { action: 'failed', failure }, { absent: { since: LONG_AGO } }],
  [
    'that waits for its finalizers is kept',
    { absent: { since: LONG_AGO } },
    { action: 'deleted', at: now, gone: false },
    { absent: { since: LONG_AGO } },
  ],
  ['that is gone is forgotten', { absent: { since: LONG_AGO } }, { action: 'deleted', at: now, gone: true }, undefined],
])('an object that is no longer in Git %s', (_what, entry, outcome, expected) => {
  expect(remember(entry, outcome).objects.map(({ absent }) => ({ absent }))).toEqual(expected === undefined ? [] : [expected]);
});

it('an object whose write was cut off has its uid once it is seen to be ours', () => {
  const { uid: _uid, absent: _absent, ...entry } = removed().entry;
  const one = { ...removed(), entry };
  const pruning = {
    removed: { known: true, live: [one], gone: new Set<string>(), unknown: new Map() },
    judgement: { verdicts: [], allowance: undefined, usesAllowance: false },
    pruned: [{ removed: one, outcome: { action: 'wait', until: now } as const }],
  };
  const { objects } = rememberPruning({ clusterUid: 'c', objects: [entry] }, pruning, { source: 'here', now });
  expect(objects).toEqual([{ ...entry, uid: 'u-1', absent: { since: now } }]);
});

it('what left with the path of the row is known as such', () => {
  expect(remember({}, { action: 'keep', failure }, {}, 'elsewhere')).toMatchObject({
    source: 'elsewhere',
    objects: [{ absent: { since: now, moved: true } }],
  });
});

it('each deletion uses up what is expected', () => {
  expect(remember({}, { action: 'deleted', at: now, gone: true }).allowance).toEqual({ expect: 9, left: 8 });
  expect(remember({}, { action: 'keep', failure }).allowance).toEqual({ expect: 9, left: 9 });
});

it('a desired state that could not be read in full says nothing of what is absent', () => {
  const { entry } = removed();
  const inventory: Inventory = { clusterUid: 'c', source: 'here', objects: [entry] };
  const unread = { known: false, live: [], gone: new Set([objectKey(entry)]), unknown: new Map() };
  const judgement = { verdicts: [], allowance: undefined, usesAllowance: false };
  expect(rememberPruning(inventory, { removed: unread, judgement, pruned: [] }, { source: 'elsewhere', now })).toBe(inventory);
});

it('an object that is in Git again, though it could not be applied yet, has to be absent anew before it goes', () => {
  const { entry } = removed();
  const inventory: Inventory = { clusterUid: 'c', source: 'here', objects: [entry] };
  const nothing = { known: true, live: [], gone: new Set<string>(), unknown: new Map() };
  const judgement = { verdicts: [], allowance: undefined, usesAllowance: false };
  const { objects } = rememberPruning(inventory, { removed: nothing, judgement, pruned: [] }, { source: 'here', now });
  expect(objects[0]?.absent).toBeUndefined();
});
