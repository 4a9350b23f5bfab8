import { describe, expect, it } from 'vitest';
import type { AppliedItem, Result } from '../../../../lib/reconcile/apply.ts';
import type { PresentComparison } from '../../../../lib/reconcile/compare.ts';
import { withRecords } from '../../../../lib/reconcile/intents/index.ts';
import type { Fact } from '../../../../lib/records/fact.ts';
import type { Intent } from '../../../../lib/storage/stores.ts';
import { configMap, target } from '../objects.ts';

const NOW = '2026-01-01T01:00:00.000Z';
const object = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'shop', name: 'settings' };
const drift: Fact = { kind: 'drift', class: 'value', object, changes: [], decision: 'corrected' };
const prune: Fact = { ...drift, kind: 'prune', class: 'removed-from-git', decision: 'applied' };
const intended = (fact: Fact, runId = 'cut-off'): Intent => ({ runId, at: '2026-01-01T00:00:00.000Z', id: 'X', revision: 'old', fact });

const equal: Omit<PresentComparison, 'target'> = {
  state: 'present',
  desired: configMap(),
  uid: 'u',
  resourceVersion: '1',
  rollout: [],
  drift: [],
  foreign: [],
  fields: {},
  ownershipLost: false,
  facts: undefined,
};
const differs = { ...equal, rollout: [{ path: [], shape: 'changed' as const }] };
const written = (verified: boolean): Result => ({ state: 'written', at: 'x', verified, uid: 'u', facts: undefined });

function item(comparison: Omit<PresentComparison, 'target'>, result: Result): AppliedItem {
  const one = target(configMap());
  return { target: one, comparison: { ...comparison, target: one }, action: 'leave', findings: [], carry: [], result };
}

const found = { runId: 'now', applied: [], gone: new Set<string>(), now: NOW };
const OPENS = { id: 'X', at: '2026-01-01T00:00:00.000Z' };

describe('what a run that was cut off was about to do', () => {
  const done = { ...drift, opens: { ...OPENS, revision: 'old' }, correctedAt: NOW, verifiedAt: NOW };
  const unknown = { ...drift, opens: { ...OPENS, revision: 'old' }, error: { reason: 'CutOff', message: expect.any(String) } };
  it.each<[string, readonly AppliedItem[], object]>([
    ['is done when the object is equal now', [item(equal, { state: 'left' })], done],
    ['is done when this run did it for another reason', [item(differs, written(true))], done],
    ['is not known when this run’s write does not show', [item(differs, written(false))], unknown],
    ['is not known when the object is not equal, and nothing is said of that', [item(differs, { state: 'left' })], unknown],
    ['is not known when the object was not looked at', [], unknown],
  ])('%s', (_what, applied, fact) => {
    expect(withRecords([], [intended(drift)], { ...found, applied })).toEqual([fact]);
  });

  it('is done when what was to be deleted is gone', () => {
    const gone = new Set(['/ConfigMap/shop/settings']);
    expect(withRecords([], [intended(prune)], { ...found, gone })).toMatchObject([{ kind: 'prune', verifiedAt: NOW }]);
    expect(withRecords([], [intended(prune)], found)).toMatchObject([{ kind: 'prune', error: { reason: 'CutOff' } }]);
  });

  it('goes on in what this run says of the same', () => {
    const open: Fact = { ...drift, decision: 'observed' };
    expect(withRecords([open], [intended(drift)], found)).toEqual([{ ...open, opens: OPENS }]);
  });
});

it('what a run was about to do itself and did not have to is not told', () => {
  expect(withRecords([], [intended(drift, 'now')], { ...found, applied: [item(equal, { state: 'left' })] })).toEqual([]);
});
