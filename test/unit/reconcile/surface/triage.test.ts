import { describe, expect, it } from 'vitest';
import type { Basis, Checkpoint, CheckpointEntry } from '../../../../lib/reconcile/surface/checkpoint.ts';
import type { Environment } from '../../../../lib/reconcile/surface/environment.ts';
import { epochOf } from '../../../../lib/reconcile/surface/environment.ts';
import type { ObjectFacts } from '../../../../lib/reconcile/surface/object-facts.ts';
import type { KindSurface, Surface } from '../../../../lib/reconcile/surface/observe-surface.ts';
import { decodeSlots, slotOf } from '../../../../lib/reconcile/surface/sweep.ts';
import { mergeComparisons, type Triaging, triage } from '../../../../lib/reconcile/surface/triage.ts';
import type { Target } from '../../../../lib/reconcile/target.ts';
import type { ObjectRecord } from '../../../../lib/records/record.ts';
import { configMap, IDENTITY, target } from '../objects.ts';

const NOW = new Date('2026-11-25T12:00:00Z');
const SECONDS = NOW.getTime() / 1000;
const KIND = '/api/v1/configmaps';
const BASIS: Basis = { clusterUid: 'c', ...IDENTITY, settings: '', strict: true };
const ENVIRONMENT: Environment = { serverVersion: 'v1.36.3', definitions: new Map(), admission: [], unread: [] };

const ours = target(configMap(), { baseline: { object: configMap() } });
const facts: ObjectFacts = { uid: 'u-1', generation: 1, fields: 'hash', terminating: false };
const entry: CheckpointEntry = {
  uid: 'u-1',
  generation: 1,
  fields: 'hash',
  epoch: epochOf(ENVIRONMENT, ours.resource),
  verifiedAt: SECONDS,
};
const listed = (changes: Partial<ObjectFacts> = {}, resourceVersion = '200'): KindSurface => ({
  state: 'listed',
  resourceVersion,
  objects: new Map([['shop/settings', { ...facts, ...changes }]]),
});
const surface = (kind: KindSurface, environment = ENVIRONMENT): Surface => ({ kinds: new Map([[KIND, kind]]), environment });
const checkpoint = (changes: Partial<CheckpointEntry> = {}, version = '100'): Checkpoint => ({
  basis: BASIS,
  versions: new Map([[KIND, version]]),
  entries: new Map([[ours.key, { ...entry, ...changes }]]),
});
const triaging: Triaging = {
  checkpoint: checkpoint(),
  slots: Array.from({ length: 60 }, () => SECONDS),
  open: [],
  startedAt: NOW,
  row: { intervalSeconds: 60 },
};
const open = (changes: Partial<ObjectRecord>): ObjectRecord => ({
  cluster: 'prod',
  id: '1',
  at: '',
  runId: '',
  revision: '',
  sequence: 1,
  event: 'opened',
  kind: 'drift',
  object: { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'shop', name: 'settings' },
  class: 'value',
  changes: [],
  decision: 'observed',
  ...changes,
});

/** Where a target went. */
function fateOf(one: Target, seen: Surface, changes: Partial<Triaging> = {}): string {
  const { candidates, unchanged, unknown } = triage([one], seen, { ...triaging, ...changes });
  if (candidates.length > 0) return 'candidate';
  return unchanged.length > 0 ? 'unchanged' : unknown.length > 0 ? 'unknown' : 'lost';
}

describe('an object is', () => {
  const before: readonly [string, string, Target, Surface, Partial<Triaging>][] = [
    ['unchanged', 'when its metadata is as remembered', ours, surface(listed()), {}],
    ['unchanged', 'when only the list moved on', ours, surface(listed({}, '100')), {}],
    ['unchanged', 'when its own record is of something else', ours, surface(listed()), { open: [open({ kind: 'image' })] }],
    ['unchanged', 'when what is open of it is tolerated', ours, surface(listed()), { open: [open({ decision: 'tolerated' })] }],
    [
      'unchanged',
      'when a record of another object is open',
      ours,
      surface(listed()),
      { open: [open({ object: { ...open({}).object, name: 'other' } })] },
    ],
    ['candidate', 'when Git says something else of it', { ...ours, moved: true }, surface(listed()), {}],
    ['candidate', 'without a checkpoint', ours, surface(listed()), { checkpoint: undefined }],
    ['candidate', 'without an entry', ours, surface(listed()), { checkpoint: { ...checkpoint(), entries: new Map() } }],
    ['candidate', 'when it is not in the list', ours, surface({ state: 'listed', resourceVersion: '200', objects: new Map() }), {}],
    ['candidate', 'when it was made anew', ours, surface(listed({ uid: 'u-2' })), {}],
    ['candidate', 'when its generation moved', ours, surface(listed({ generation: 2 })), {}],
    ['candidate', 'when its fields moved', ours, surface(listed({ fields: 'other' })), {}],
    ['candidate', 'when it is being deleted', ours, surface(listed({ terminating: true })), {}],
    ['candidate', 'when the list went back', ours, surface(listed({}, '99')), {}],
    ['candidate', 'when the list went back by a digit', ours, surface(listed({}, '99')), { checkpoint: checkpoint({}, '1000') }],
    ['candidate', 'when the list has no version any more', ours, surface(listed({}, '')), {}],
    ['unchanged', 'when the list had no version before', ours, surface(listed({}, 'abc')), { checkpoint: checkpoint({}, '') }],
    ['candidate', 'when a record of it is open', ours, surface(listed()), { open: [open({})] }],
    ['candidate', 'when it is held', ours, surface(listed()), { open: [open({ decision: 'held' })] }],
    ['candidate', 'when its kind keeps no lists', ours, surface({ state: 'unlistable' }), {}],
    ['candidate', 'when its share was never swept', ours, surface(listed()), { slots: decodeSlots(undefined, NOW) }],
    ['candidate', 'when something else has a hand in its kind', ours, surface(listed(), { ...ENVIRONMENT, serverVersion: 'v1.37.0' }), {}],
    [
      'unknown',
      'when its kind could not be listed',
      ours,
      surface({ state: 'unknown', failure: { reason: 'TooManyRequests', message: 'x' } }),
      {},
    ],
    [
      'unknown',
      'when its kind could not be listed, although Git moved',
      { ...ours, moved: true },
      surface({ state: 'unknown', failure: { reason: 'TooManyRequests', message: 'x' } }),
      {},
    ],
  ];
  it.each(before)('%s %s', (fate, _when, one, seen, changes) => {
    expect(fateOf(one, seen, changes)).toBe(fate);
  });
});

it('comparisons come in the order of the targets, whoever vouched for them', () => {
  const others = ['a', 'z'].map((name) => target(configMap({}, { name }), { baseline: { object: undefined } }));
  const [first, last] = others;
  if (first === undefined || last === undefined) throw new Error('there are two');
  const targets = [first, ours, last];
  const triaged = triage(targets, surface(listed()), triaging);
  const observed = triaged.candidates.map((each) => ({ state: 'absent', target: each, validated: false }) as const);
  const merged = mergeComparisons(targets, triaged, observed);
  expect(merged.map(({ target: { id }, state }) => `${id.name} ${state}`)).toEqual(['a absent', 'settings unchanged', 'z absent']);
});

it('an unknown object says that its kind could not be listed, and why', () => {
  const failure = { reason: 'TooManyRequests', message: 'list of ConfigMap: the API server answered 429.' };
  const triaged = triage([ours], surface({ state: 'unknown', failure }), triaging);
  expect(mergeComparisons([ours], triaged, [])).toMatchObject([
    {
      state: 'unknown',
      decision: 'failed',
      failure: {
        reason: 'TooManyRequests',
        message: expect.stringMatching(/^ConfigMap shop\/settings: its kind could not be listed.*429/),
      },
    },
  ]);
});

it('the sweep takes only what is vouched for', () => {
  const triaged = triage([{ ...ours, moved: true }], surface(listed()), { ...triaging, slots: decodeSlots(undefined, NOW) });
  expect([...triaged.sweep.keys]).toEqual([]);
  expect(triaged.sweep.slots.has(slotOf(ours.key))).toBe(true);
});
