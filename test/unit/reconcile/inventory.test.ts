import { describe, expect, it } from 'vitest';
import type { AppliedItem, Result } from '../../../lib/reconcile/apply.ts';
import type { PresentComparison } from '../../../lib/reconcile/compare.ts';
import type { Item } from '../../../lib/reconcile/decide.ts';
import { declareInventory, inventoryOf, isAppliedInFull, settleInventory } from '../../../lib/reconcile/inventory.ts';
import { configMap, target } from './objects.ts';

const equal: Omit<PresentComparison, 'target'> = {
  state: 'present',
  desired: configMap(),
  uid: 'live-uid',
  resourceVersion: '1',
  rollout: [],
  drift: [],
  foreign: [],
  fields: {},
  ownershipLost: false,
  facts: undefined,
};
const differs = { ...equal, rollout: [{ path: [], shape: 'changed' as const }] };
const entry = { group: '', kind: 'ConfigMap', namespace: 'shop', name: 'settings', apiVersion: 'v1' };

function item(comparison: Omit<PresentComparison, 'target'>, action: Item['action'], result: Result, moved = true): AppliedItem {
  const desired = target(configMap(), { moved });
  return { target: desired, comparison: { ...comparison, target: desired }, action, findings: [], carry: [], result };
}
const written: Result = { state: 'written', at: 'x', verified: true, uid: 'new-uid', facts: undefined };
const left: Result = { state: 'left' };
const failed: Result = { state: 'failed', decision: 'failed', failure: { reason: 'X', message: 'x' } };

describe('the inventory before the first write', () => {
  it.each<[string, AppliedItem, number]>([
    ['has what will be written', item(differs, 'update', left), 1],
    ['has what is equal to Git', item(equal, 'leave', left), 1],
    ['has not what is only looked at', item(differs, 'leave', left), 0],
  ])('%s', (_what, one, count) => expect(declareInventory(inventoryOf('uid', undefined), [one]).objects).toHaveLength(count));

  it('keeps everything that was in it, with what is known of it', () => {
    const before = {
      clusterUid: 'uid',
      objects: [
        { ...entry, uid: 'u', artifact: 'old' },
        { ...entry, name: 'removed' },
      ],
    };
    expect(declareInventory(before, [item(differs, 'update', left)]).objects).toEqual([
      { ...entry, name: 'removed' },
      { ...entry, uid: 'u', artifact: 'old' },
    ]);
  });
});

describe('the inventory after the writes', () => {
  const before = { clusterUid: 'uid', objects: [{ ...entry, uid: 'old-uid', artifact: 'old' }] };
  it.each<[string, AppliedItem, object]>([
    ['a written object is at this artifact', item(differs, 'update', written), { uid: 'new-uid', artifact: 'now' }],
    ['an equal object is at this artifact', item(equal, 'leave', left), { uid: 'live-uid', artifact: 'now' }],
    ['a failed object stays at its own', item(differs, 'update', failed), { uid: 'old-uid', artifact: 'old' }],
    ['an object that was only observed stays at its own', item(differs, 'leave', left), { uid: 'old-uid', artifact: 'old' }],
    ['unless Git says the same of it in both', item(differs, 'leave', left, false), { uid: 'old-uid', artifact: 'now' }],
  ])('%s', (_what, one, fields) => {
    const settled = settleInventory(before, [one], 'now');
    expect(settled.objects).toEqual([{ ...entry, ...fields }]);
    expect(isAppliedInFull(settled, [one], 'now')).toBe('artifact' in fields && fields.artifact === 'now');
  });

  it.each([
    ['confirms its deletion', { 'plumbline.dev/confirm-prune': 'true' }, { prune: 'confirmed' }],
    ['keeps it in any case', { 'plumbline.dev/prune': 'disabled' }, { prune: 'disabled' }],
    ['lets it go though it was there before us', { 'plumbline.dev/prune': 'enabled' }, { prune: 'enabled' }],
    ['says nothing of it', {}, {}],
  ])('remembers that the version that was applied %s, and forgets what an earlier one asked for', (_what, annotations, fields) => {
    const earlier = { clusterUid: 'uid', objects: [{ ...entry, uid: 'u', artifact: 'old', prune: 'confirmed' as const }] };
    const desired = target(configMap({}, { annotations }), { moved: true });
    const one = { ...item(differs, 'update', written), target: desired };
    expect(settleInventory(earlier, [one], 'now').objects).toEqual([{ ...entry, uid: 'new-uid', artifact: 'now', ...fields }]);
    expect(settleInventory(earlier, [{ ...one, result: failed }], 'now').objects).toEqual(earlier.objects);
  });
});

describe('an object that was there before us', () => {
  const adopting = { ...differs, adoptedFrom: 'kubectl' };
  it('is remembered as such from the first contact on', () => {
    const declared = declareInventory(inventoryOf('uid', undefined), [item(adopting, 'update', left)]);
    expect(declared.objects).toEqual([{ ...entry, adopted: true }]);
    expect(
      declareInventory(settleInventory(declared, [item(adopting, 'update', written)], 'a'), [item(equal, 'leave', left)]).objects,
    ).toEqual([{ ...entry, uid: 'new-uid', artifact: 'a', adopted: true }]);
  });

  it('is not one that we applied and somebody made again', () => {
    const before = { clusterUid: 'uid', objects: [{ ...entry, uid: 'old-uid', artifact: 'old' }] };
    expect(declareInventory(before, [item(adopting, 'update', left)]).objects).toEqual(before.objects);
  });
});

it('an object that Git brings back is absent no more', () => {
  const before = {
    clusterUid: 'uid',
    objects: [{ ...entry, uid: 'u', absent: { since: '2026-01-01T00:00:00.000Z', orphaned: true as const } }],
  };
  expect(declareInventory(before, [item(differs, 'update', left)]).objects).toEqual([{ ...entry, uid: 'u' }]);
});
