import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../../lib/manifests/json.ts';
import { judgeRemoved, type RemovedObject } from '../../../../lib/reconcile/prune/index.ts';
import type { Inventory, InventoryObject } from '../../../../lib/storage/stores.ts';
import { IDENTITY, update } from '../objects.ts';
import { NOW, removed } from './objects.ts';

type Judging = Parameters<typeof judgeRemoved>[1];

function judge(live: readonly RemovedObject[], judging: Partial<Judging> = {}) {
  const entries = live.map(({ entry }) => entry);
  const inventory: Inventory = { clusterUid: 'c', source: 'here', objects: entries };
  const defaults: Judging = {
    identity: IDENTITY,
    inventory,
    settings: undefined,
    source: 'here',
    treatment: () => ({ decision: 'applied' }),
    run: undefined,
    now: NOW,
  };
  return judgeRemoved(live, { ...defaults, ...judging });
}

const verdictOf = (one: RemovedObject, judging: Partial<Judging> = {}) => judge([one], judging).verdicts[0]?.verdict;
const many = (count: number, entry: Partial<InventoryObject> = {}) =>
  Array.from({ length: count }, (_, index) => removed({ name: `n-${index}`, ...entry }));
const actions = (live: readonly RemovedObject[], judging: Partial<Judging> = {}) => [
  ...new Set(judge(live, judging).verdicts.map(({ verdict }) => ('failure' in verdict ? verdict.failure.reason : verdict.action))),
];

it('deletes an object that we applied, that is ours alone, and that has been absent for long enough', () => {
  expect(verdictOf(removed())).toEqual({ action: 'delete' });
});

describe('a guard keeps an object', () => {
  const controller = [{ apiVersion: 'v1', kind: 'Owner', name: 'o', uid: 'x', controller: true }];
  it.each<[string, string, Partial<InventoryObject>, JsonObject]>([
    ['that is another one of the same name', 'OtherUid', { uid: 'u-0' }, {}],
    ['from which our label was taken', 'LabelRemoved', {}, { labels: {} }],
    ['of which our entry was cleared', 'NotApplied', {}, { managedFields: [] }],
    [
      'of which we have only an update, which anybody may call ours',
      'NotApplied',
      {},
      { managedFields: [{ ...update(IDENTITY.fieldManager, {}) }] },
    ],
    ['that a controller owns', 'Controlled', {}, { ownerReferences: controller }],
    ['that is on its way already', 'Terminating', {}, { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['a/b'] }],
    ['that is not to be written', 'ReconcileDisabled', {}, { annotations: { 'plumbline.dev/reconcile': 'disabled' } }],
  ])('%s', (_what, reason, entry, metadata) => {
    expect(verdictOf(removed(entry, metadata))).toMatchObject({ action: 'keep', failure: { reason } });
  });

  it.each([
    ['v1', 'Namespace'],
    ['v1', 'PersistentVolume'],
    ['v1', 'PersistentVolumeClaim'],
    ['apps/v1', 'StatefulSet'],
    ['apiextensions.k8s.io/v1', 'CustomResourceDefinition'],
  ])('that others or their data go with, unless its last revision confirmed it: %s %s', (apiVersion, kind) => {
    const type = { apiVersion, kind };
    const live = { 'plumbline.dev/confirm-prune': 'true' };
    expect(verdictOf(removed({}, {}, type))).toMatchObject({ action: 'keep', failure: { reason: 'NotConfirmed' } });
    expect(verdictOf(removed({}, { annotations: live }, type))).toMatchObject({ failure: { reason: 'NotConfirmed' } });
    expect(verdictOf(removed({ prune: 'enabled' }, {}, type))).toMatchObject({ failure: { reason: 'NotConfirmed' } });
    expect(verdictOf(removed({ prune: 'confirmed' }, {}, type))).toEqual({ action: 'delete' });
  });

  it('that belongs to a controller only loosely is no reason', () => {
    expect(verdictOf(removed({}, { ownerReferences: [{ kind: 'Owner', name: 'o', uid: 'x' }] }))).toEqual({ action: 'delete' });
  });
});

describe('an object stays for good', () => {
  it.each<[string, string, Partial<InventoryObject>, JsonObject]>([
    ['when it was there before us', 'Adopted', { adopted: true }, {}],
    ['when its last revision said so', 'PruneDisabled', { prune: 'disabled' }, {}],
    ['when somebody marked the live one', 'PruneDisabled', {}, { annotations: { 'plumbline.dev/prune': 'disabled' } }],
  ])('%s', (_what, reason, entry, metadata) => {
    expect(verdictOf(removed(entry, metadata))).toMatchObject({ action: 'orphan', failure: { reason } });
  });

  it('no more when it was adopted and Git lets it go', () => {
    expect(verdictOf(removed({ adopted: true, prune: 'enabled' }))).toEqual({ action: 'delete' });
  });
});

describe('the delay', () => {
  const at = (since: string) => removed({ absent: { since } });
  it.each<[string, RemovedObject, string | undefined, object]>([
    ['is ten minutes', at('2026-01-01T00:50:01.000Z'), undefined, { action: 'wait', until: '2026-01-01T01:00:01.000Z' }],
    ['is over after them', at('2026-01-01T00:50:00.000Z'), undefined, { action: 'delete' }],
    ['is as plumbline.yaml says', at('2026-01-01T00:58:59.000Z'), '1m', { action: 'delete' }],
    ['begins with the run that sees it first', removed(), '1m', { action: 'delete' }],
  ])('%s', (_what, one, delay, verdict) => {
    expect(verdictOf(one, delay === undefined ? {} : { settings: { delay } })).toEqual(verdict);
  });

  it('of nothing still takes two runs', () => {
    const { entry, ...rest } = removed();
    const { absent: _absent, ...never } = entry;
    expect(verdictOf({ ...rest, entry: never }, { settings: { delay: '0s' } })).toEqual({ action: 'wait', until: NOW.toISOString() });
    expect(verdictOf(removed({ absent: { since: NOW.toISOString() } }), { settings: { delay: '0s' } })).toEqual({ action: 'delete' });
  });
});

describe('the limit', () => {
  const beside = (live: readonly RemovedObject[], others: number, fields: Partial<Inventory> = {}): Inventory => ({
    clusterUid: 'c',
    source: 'here',
    objects: [...live, ...many(others, { kind: 'Secret' })].map(({ entry }) => entry),
    ...fields,
  });
  it.each<[string, number, number, number | undefined, string]>([
    ['lets five go in any case', 5, 0, undefined, 'delete'],
    ['lets no sixth go of a few', 6, 20, undefined, 'OverLimit'],
    ['lets a fifth of many go', 20, 80, undefined, 'delete'],
    ['lets no more of many go', 21, 79, undefined, 'OverLimit'],
    ['is as plumbline.yaml says', 21, 79, 30, 'delete'],
    ['is five at least', 5, 95, 0, 'delete'],
  ])('%s', (_what, gone, others, limit, action) => {
    const live = many(gone);
    expect(actions(live, { inventory: beside(live, others), settings: limit === undefined ? {} : { limit } })).toEqual([action]);
  });

  it('counts what still waits, and not what stays anyway', () => {
    const live = [...many(3), ...many(3, { absent: { since: NOW.toISOString() } })];
    expect(actions(live)).toEqual(['OverLimit']);
    expect(actions([...many(5), removed({ adopted: true }), removed({ uid: 'other' })])).toEqual(['delete', 'Adopted', 'OtherUid']);
  });

  it.each<[string, number, Inventory['allowance'], string]>([
    ['the very number of them', 12, undefined, 'delete'],
    ['more than there are', 13, undefined, 'OverLimit'],
    ['fewer than there are', 11, undefined, 'OverLimit'],
    ['what a run that was cut off left over', 30, { expect: 30, left: 14 }, 'delete'],
    ['a number that was used up', 12, { expect: 12, left: 0 }, 'OverLimit'],
    ['a new number after one that was used up', 12, { expect: 9, left: 0 }, 'delete'],
  ])('is lifted, or not, by expecting %s', (_what, expected, allowance, action) => {
    const live = many(12);
    const inventory = beside(live, 0, allowance === undefined ? {} : { allowance });
    expect(actions(live, { inventory, settings: { expect: expected } })).toEqual([action]);
  });
});

describe('a row whose repository or path changed', () => {
  it('deletes nothing that the change removed, until exactly that is expected', () => {
    const { entry, ...rest } = removed();
    const { absent: _absent, ...never } = entry;
    expect(verdictOf({ ...rest, entry: never }, { source: 'elsewhere' })).toMatchObject({ failure: { reason: 'SourceMoved' } });
    const later = removed({ absent: { since: '2026-01-01T00:00:00.000Z', moved: true } });
    expect(verdictOf(later)).toMatchObject({ action: 'keep', failure: { reason: 'SourceMoved' } });
    expect(verdictOf(later, { settings: { expect: 1 } })).toEqual({ action: 'delete' });
    expect(verdictOf(later, { settings: { expect: 2 } })).toMatchObject({ action: 'keep' });
  });
});

it.each(['observed', 'suspended', 'held'] as const)('nothing is deleted while what Git changed is only %s', (decision) => {
  expect(verdictOf(removed(), { treatment: () => ({ decision }) })).toEqual({ action: 'forbidden', decision });
});

it('nothing is deleted in a run that did not go well', () => {
  expect(verdictOf(removed(), { run: { reason: 'NotAllApplied', message: 'x' } })).toMatchObject({
    action: 'keep',
    failure: { reason: 'NotAllApplied' },
  });
});
