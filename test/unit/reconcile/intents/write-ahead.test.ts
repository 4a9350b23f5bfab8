import { expect, it } from 'vitest';
import type { Item } from '../../../../lib/reconcile/decide.ts';
import { storeDeclared } from '../../../../lib/reconcile/intents/index.ts';
import { createRecorder, createRecordIds, type PlumblineRecord } from '../../../../lib/records/index.ts';
import type { Inventory } from '../../../../lib/storage/stores.ts';
import { memoryStores } from '../../../helpers/memory-stores.ts';
import { configMap, target } from '../objects.ts';

const clock = { now: () => new Date('2026-01-01T01:00:00.000Z') };
const CUT_OFF = { runId: 'cut-off', at: '2026-01-01T00:00:00.000Z', id: '01KDVNCV80000000000000000A', revision: 'old' };
const empty: Inventory = { clusterUid: 'c', objects: [] };

const one = target(configMap());
const item = (action: 'create' | 'leave'): Item => ({
  target: one,
  comparison: { state: 'absent', target: one, validated: false },
  action,
  carry: [],
  findings: action === 'create' ? [{ kind: 'rollout', class: 'created', differences: [], decision: 'applied' }] : [],
});

/** A run that finds this inventory and is about to do that. */
async function declare(known: Inventory, ...items: readonly Item[]) {
  const stores = memoryStores(clock);
  const logged: PlumblineRecord[] = [];
  const recorder = createRecorder({
    records: stores.records,
    log: (record) => void logged.push(record),
    count: () => undefined,
    clock,
    createIds: createRecordIds,
  });
  const session = { row: { cluster: 'prod-eu' }, runId: 'now', startedAt: clock.now(), artifact: { revision: 'new' }, open: [] };
  const declared = await storeDeclared(known, items, [], session, { artifacts: stores.artifacts, recorder });
  return { declared, logged, stored: await stores.artifacts.getInventory('prod-eu') };
}

it('a run that is to write writes itself down first', async () => {
  const { stored } = await declare(empty, item('create'));
  expect(stored?.runs).toMatchObject([{ runId: 'now', at: '2026-01-01T01:00:00.000Z' }]);
  expect(stored?.intents).toHaveLength(1);
});

it('a run that is to write nothing writes nothing down', async () => {
  const { stored, logged } = await declare(empty, item('leave'));
  expect([stored, logged]).toEqual([undefined, []]);
});

it.each(['create', 'leave'] as const)('a run that was cut off has its record before that is forgotten: %s', async (action) => {
  const { stored, logged } = await declare({ ...empty, runs: [CUT_OFF] }, item(action));
  expect(logged).toMatchObject([{ kind: 'run', ...CUT_OFF, outcome: 'failed', error: { reason: 'CutOff' } }]);
  expect(stored?.runs?.map(({ runId }) => runId)).toEqual(action === 'create' ? ['now'] : undefined);
});

it('what is planned late is of the same run', async () => {
  const { declared } = await declare(empty, item('create'));
  const late = await declare(declared, item('create'));
  expect([late.logged, late.declared.runs]).toEqual([[], declared.runs]);
});
