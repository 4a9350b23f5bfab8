import { describe, expect, it } from 'vitest';
import type { AppliedItem, Result } from '../../../../lib/reconcile/apply.ts';
import type { PresentComparison } from '../../../../lib/reconcile/compare.ts';
import type { Finding } from '../../../../lib/reconcile/decide.ts';
import { type Basis, type Checkpoint, type CheckpointEntry, decodeCheckpoint } from '../../../../lib/reconcile/surface/checkpoint.ts';
import { type Environment, epochOf } from '../../../../lib/reconcile/surface/environment.ts';
import { rememberRun } from '../../../../lib/reconcile/surface/remember.ts';
import { decodeSlots, slotOf } from '../../../../lib/reconcile/surface/sweep.ts';
import type { Triage } from '../../../../lib/reconcile/surface/triage.ts';
import { configMap, IDENTITY, target } from '../objects.ts';

const NOW = new Date('2026-11-25T12:00:00Z');
const SECONDS = NOW.getTime() / 1000;
const BASIS: Basis = { clusterUid: 'c', ...IDENTITY, settings: '', strict: true };
const ENVIRONMENT: Environment = { serverVersion: 'v1.36.3', definitions: new Map(), admission: [], unread: [] };
const LATER: Environment = { ...ENVIRONMENT, serverVersion: 'v1.37.0' };
const KIND = '/api/v1/configmaps';
const ours = target(configMap());
const SLOT = slotOf(ours.key);
const facts = { uid: 'u-1', generation: 1, fields: 'hash', terminating: false };
const known: CheckpointEntry = {
  uid: 'u-1',
  generation: 1,
  fields: 'hash',
  epoch: epochOf(ENVIRONMENT, ours.resource),
  verifiedAt: SECONDS - 500,
};

const equal: PresentComparison = {
  state: 'present',
  target: ours,
  desired: ours.object,
  uid: 'u-1',
  resourceVersion: '1',
  rollout: [],
  drift: [],
  foreign: [],
  fields: {},
  ownershipLost: false,
  facts,
};
const finding = (decision: Finding['decision']): Finding => ({ kind: 'drift', class: 'value', differences: [], decision });
const item = (changes: Partial<AppliedItem>): AppliedItem => ({
  target: ours,
  comparison: equal,
  action: 'leave',
  findings: [],
  carry: [],
  result: { state: 'left' },
  ...changes,
});
const written: Result = { state: 'written', at: '', verified: true, uid: 'u-1', facts: { ...facts, generation: 2 } };
const drift = [{ class: 'value', differences: [], actor: { manager: 'kubectl' } }];

interface Before {
  readonly entry?: CheckpointEntry;
  readonly unobserved?: 'unchanged' | 'unknown';
  readonly swept?: boolean;
  readonly environment?: Environment;
  /** The version of its kind's list, before and now. */
  readonly versions?: readonly [string, string];
}

function remember(applied: AppliedItem, { entry, unobserved, swept, environment, versions = ['100', '200'] }: Before = {}) {
  const checkpoint: Checkpoint | undefined =
    entry === undefined ? undefined : { basis: BASIS, versions: new Map([[KIND, versions[0]]]), entries: new Map([[ours.key, entry]]) };
  const triaged: Triage = {
    candidates: [],
    unchanged: unobserved === 'unchanged' ? [{ target: ours, entry: entry ?? known }] : [],
    unknown: unobserved === 'unknown' ? [{ target: ours, failure: { reason: 'X', message: '' } }] : [],
    sweep: { keys: new Set(), slots: new Set(swept === true ? [SLOT] : []) },
  };
  const kind = { state: 'listed', resourceVersion: versions[1], objects: new Map() } as const;
  const surface = { kinds: new Map([[KIND, kind]]), environment: environment ?? ENVIRONMENT };
  const slots = Array.from({ length: 60 }, () => SECONDS - 1000);
  const left = rememberRun([applied], triaged, surface, { basis: BASIS, checkpoint, slots, startedAt: NOW });
  return {
    ...left,
    /** What the next run finds. */
    entry: (left.checkpoint === undefined ? checkpoint : decodeCheckpoint(left.checkpoint, BASIS))?.entries.get(ours.key),
    isWritten: left.checkpoint !== undefined,
    slotAt: decodeSlots(left.sweep, NOW)[SLOT],
  };
}

describe('an object is remembered', () => {
  it.each<[string, AppliedItem]>([
    ['seen equal', item({})],
    ['seen equal but for what is tolerated', item({ findings: [finding('tolerated')] })],
  ])('when it was %s', (_what, applied) => {
    expect(remember(applied)).toMatchObject({ isWritten: true, entry: { uid: 'u-1', generation: 1, verifiedAt: SECONDS } });
  });

  it('as the answer showed it when it was written', () => {
    const applied = item({ comparison: { ...equal, drift }, action: 'update', findings: [finding('corrected')], result: written });
    expect(remember(applied, { entry: known })).toMatchObject({ isWritten: true, entry: { generation: 2 } });
  });
});

describe('an object is not remembered any more', () => {
  it.each<[string, AppliedItem]>([
    ['when it differs', item({ comparison: { ...equal, drift }, findings: [finding('observed')] })],
    ['when it is held', item({ comparison: { ...equal, drift }, findings: [finding('held')] })],
    ['when something foreign is open', item({ findings: [finding('observed')] })],
    ['when its write does not show', item({ findings: [finding('corrected')], result: { ...written, verified: false } })],
    ['when something stays open beside what was written', item({ findings: [finding('corrected'), finding('observed')], result: written })],
    [
      'when its write failed',
      item({ findings: [finding('corrected')], result: { state: 'failed', decision: 'failed', failure: { reason: 'X', message: '' } } }),
    ],
    ['when it is gone', item({ comparison: { state: 'absent', target: ours, validated: false } })],
    [
      'when it is unknown',
      item({ comparison: { state: 'unknown', target: ours, decision: 'failed', failure: { reason: 'X', message: '' } } }),
    ],
    ['when it is being deleted', item({ comparison: { ...equal, facts: { ...facts, terminating: true } } })],
    ['when it has no uid', item({ comparison: { ...equal, facts: undefined } })],
  ])('%s', (_what, applied) => {
    expect(remember(applied, { entry: known })).toMatchObject({ isWritten: true, entry: undefined });
  });
});

describe('the checkpoint is not written again', () => {
  const unchanged = item({ comparison: { state: 'unchanged', target: ours, uid: 'u-1' } });

  it('when nothing moved', () => {
    expect(remember(unchanged, { entry: known, unobserved: 'unchanged' })).toMatchObject({ isWritten: false, entry: known });
  });

  it('when an object was swept and is as it was: its share remembers that', () => {
    const left = remember(item({}), { entry: known, swept: true });
    expect(left).toMatchObject({ isWritten: false, slotAt: SECONDS, verifiedAt: NOW });
  });

  it('unless the versions of its kind went back: else each run would verify all of it again', () => {
    const left = remember(item({}), { entry: known, versions: ['200', '100'] });
    expect(left).toMatchObject({ isWritten: true, entry: known });
    expect(decodeCheckpoint(left.checkpoint, BASIS)?.versions.get(KIND)).toBe('100');
  });

  it('unless something else has a hand in its kind by now', () => {
    const left = remember(item({}), { entry: known, swept: true, environment: LATER });
    expect(left).toMatchObject({ isWritten: true, entry: { verifiedAt: SECONDS } });
    expect(left.entry?.epoch).not.toBe(known.epoch);
  });

  it('for an object whose kind could not be listed: it is compared with what is remembered when it can', () => {
    const unknown = item({ comparison: { state: 'unknown', target: ours, decision: 'failed', failure: { reason: 'X', message: '' } } });
    expect(remember(unknown, { entry: known, unobserved: 'unknown' })).toMatchObject({
      isWritten: false,
      entry: known,
      slotAt: SECONDS - 1000,
    });
    // Its share counts as verified from now on, which it is not.
    expect(remember(unknown, { entry: known, unobserved: 'unknown', swept: true })).toMatchObject({
      isWritten: true,
      entry: undefined,
      slotAt: SECONDS,
    });
  });
});

describe('the age of the oldest verification', () => {
  const unchanged = item({ comparison: { state: 'unchanged', target: ours, uid: 'u-1' } });

  it.each<[string, number, number]>([
    ['that of the object', SECONDS - 500, SECONDS - 500],
    ['that of its share, when that was swept later', SECONDS - 5000, SECONDS - 1000],
  ])('is %s', (_what, verifiedAt, oldest) => {
    const left = remember(unchanged, { entry: { ...known, verifiedAt }, unobserved: 'unchanged' });
    expect(left.verifiedAt).toEqual(new Date(oldest * 1000));
  });

  it('is this run when everything was verified in it', () => {
    expect(remember(item({})).verifiedAt).toEqual(NOW);
  });
});
