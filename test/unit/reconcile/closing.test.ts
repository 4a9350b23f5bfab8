import { describe, expect, it } from 'vitest';
import type { AppliedItem } from '../../../lib/reconcile/apply.ts';
import { closesOf } from '../../../lib/reconcile/closing.ts';
import type { Comparison } from '../../../lib/reconcile/compare.ts';
import type { Removed } from '../../../lib/reconcile/prune/index.ts';
import type { DesiredState } from '../../../lib/reconcile/target.ts';
import type { ObjectRecord } from '../../../lib/records/record.ts';
import { configMap, target } from './objects.ts';

const record = (name: string, fields: Partial<ObjectRecord> = {}): ObjectRecord => ({
  cluster: 'prod',
  id: 'x',
  at: '2026-01-01T00:00:00Z',
  runId: 'r',
  revision: 'a',
  sequence: 1,
  event: 'opened',
  kind: 'drift',
  class: 'value',
  object: { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'shop', name },
  changes: [],
  decision: 'observed',
  ...fields,
});

const named = (name: string) => target(configMap({}, { name }));
const item = (comparison: Comparison): AppliedItem => ({
  target: comparison.target,
  comparison,
  action: 'leave',
  findings: [],
  carry: [],
  result: { state: 'left' },
});
const failure = { reason: 'Forbidden', message: 'no' };

const applied = [
  item({ state: 'absent', target: named('compared'), validated: false }),
  item({ state: 'unknown', target: named('unreadable'), decision: 'failed', failure }),
  item({ state: 'owned', target: named('refused'), uid: 'u', owner: { deployer: 'flux', words: 'Flux' } }),
];
const desired: DesiredState = {
  targets: applied.map((each) => each.target),
  waiting: [],
  untargeted: [],
  arrangement: { places: new Map(), problems: new Map() },
  complete: true,
  defaultNamespace: 'default',
};
const unreadable = { group: '', apiVersion: 'v1', kind: 'ConfigMap', namespace: 'shop', name: 'unreadable-removed' };
const unknown = new Map([['/ConfigMap/shop/unreadable-removed', { entry: unreadable, failure }]]);
const removed: Removed = { known: true, live: [], gone: new Set(), unknown };

describe('an open record of which a run has nothing more to say', () => {
  it.each<[string, ObjectRecord, Removed, boolean]>([
    ['is over when the object was compared', record('compared'), removed, true],
    ['stays when the object could not be read', record('unreadable'), removed, false],
    ['stays when the object is another’s', record('refused'), removed, false],
    ['is over when it said why it could not be read', record('unreadable', { class: 'unverifiable' }), removed, true],
    ['is over when the object is neither in Git nor in the cluster', record('gone', { kind: 'prune' }), removed, true],
    ['stays when it could not be seen whether it is in the cluster', record('unreadable-removed', { kind: 'prune' }), removed, false],
    ['stays when it could not be seen whether it is in Git', record('gone', { kind: 'prune' }), { ...removed, known: false }, false],
    ['stays when it is of images, which are others’ to judge', record('compared', { kind: 'image' }), removed, false],
  ])('%s', (_what, open, removals, closes) => {
    expect(closesOf(applied, desired, removals)(open)).toBe(closes);
  });
});
