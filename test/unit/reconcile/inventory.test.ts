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
const removed = { known: true, live: [], unknown: new Map() };

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
    const settled = settleInventory(before, [one], 'now', { ...removed, gone: new Set() });
    expect(settled.objects).toEqual([{ ...entry, ...fields }]);
    expect(isAppliedInFull(settled, [one], 'now')).toBe('artifact' in fields && fields.artifact === 'now');
  });

  it('forgets what is neither in Git nor in the cluster', () => {
    expect(settleInventory(before, [], 'now', { ...removed, gone: new Set(['/ConfigMap/shop/settings']) }).objects).toEqual([]);
  });
});
