import { describe, expect, it } from 'vitest';
import type { ClusterEntry, ClusterRow, ClusterState } from '../../../lib/fleet/index.ts';
import { planTick } from '../../../lib/fleet/index.ts';
import { clusterRow } from '../../helpers/cluster-row.ts';

const now = new Date('2027-01-01T12:00:00Z');
const secondsAgo = (seconds: number) => new Date(now.getTime() - seconds * 1000).toISOString();

const entry = (cluster: string, fields: Partial<ClusterRow> = {}): ClusterEntry => ({
  cluster,
  row: clusterRow(cluster, { repository: 'https://git.example/shop', ...fields }),
});

const invalid = { reason: 'InvalidRow', message: 'cluster broken: attribute mode is "on"' };
const healthy = (cluster: string, fields: Partial<ClusterState> = {}): ClusterState => ({
  cluster,
  outcome: 'in-sync',
  lastRunAt: secondsAgo(60),
  observedAt: secondsAgo(60),
  verifiedAt: secondsAgo(60),
  ...fields,
});
const dueOf = (row: Partial<ClusterRow>, state?: Partial<ClusterState>) =>
  planTick([entry('a', row)], state === undefined ? [] : [{ cluster: 'a', ...state }], now).clusters.length === 1;

describe('who is due', () => {
  it.each([
    ['never ran', {}, undefined, true],
    ['ran a minute ago', {}, { lastRunAt: secondsAgo(60) }, true],
    ['ran late in the last minute', {}, { lastRunAt: secondsAgo(20) }, true],
    ['has just run', {}, { lastRunAt: secondsAgo(5) }, false],
    ['has an interval of five minutes and ran four minutes ago', { intervalSeconds: 300 }, { lastRunAt: secondsAgo(240) }, false],
    ['has an interval of five minutes and ran five minutes ago', { intervalSeconds: 300 }, { lastRunAt: secondsAgo(290) }, true],
    ['backs off', {}, { lastRunAt: secondsAgo(600), nextAttemptAt: secondsAgo(-1) }, false],
    ['backed off until now', {}, { lastRunAt: secondsAgo(600), nextAttemptAt: secondsAgo(0) }, true],
    ['is off', { mode: 'off' }, undefined, false],
    ['is suspended', { suspendedUntil: secondsAgo(-60), suspendedReason: 'x' }, undefined, false],
    ['was suspended until a moment ago', { suspendedUntil: secondsAgo(1), suspendedReason: 'x' }, undefined, true],
  ] as const)('a cluster that %s', (_what, row, state, due) => {
    expect(dueOf(row, state)).toBe(due);
  });

  it('runs the others when one row is invalid', () => {
    const plan = planTick([{ cluster: 'broken', invalid }, entry('a')], [], now);
    expect(plan.clusters).toEqual([{ cluster: 'a', reason: 'tick' }]);
  });
});

describe('which repositories are polled', () => {
  it('asks once for a repository, however many rows follow it, and once for each secret', () => {
    const entries = [entry('a'), entry('b', { branch: 'next' }), entry('c', { credentialsSecret: 'p/git' }), entry('d', { mode: 'off' })];
    expect(planTick(entries, [], now).sources).toEqual([
      { repository: 'https://git.example/shop' },
      { repository: 'https://git.example/shop', credentialsSecret: 'p/git' },
    ]);
  });

  it('polls a repository while it backs off a cluster, since the next commit may be the remedy', () => {
    expect(planTick([entry('a')], [healthy('a', { nextAttemptAt: secondsAgo(-600) })], now).sources).toHaveLength(1);
  });
});

describe('gauges', () => {
  const gaugesOf = (entries: readonly ClusterEntry[], states: readonly ClusterState[]) => planTick(entries, states, now).gauges;

  it('counts as stale what was not seen for three intervals, not verified for an hour, or never; not what is off or suspended', () => {
    const entries = [
      entry('fresh'),
      entry('old'),
      entry('unswept'),
      entry('slow', { intervalSeconds: 3600 }),
      entry('never'),
      entry('off', { mode: 'off' }),
      entry('suspended', { suspendedUntil: secondsAgo(-60), suspendedReason: 'x' }),
    ];
    const states = [
      healthy('fresh', { observedAt: secondsAgo(180), verifiedAt: secondsAgo(3700) }),
      healthy('old', { observedAt: secondsAgo(181) }),
      healthy('unswept', { verifiedAt: secondsAgo(3781) }),
      healthy('slow', { observedAt: secondsAgo(7200), verifiedAt: secondsAgo(7200) }),
      healthy('off', { observedAt: secondsAgo(90_000), verifiedAt: secondsAgo(90_000) }),
    ];
    expect(gaugesOf(entries, states)).toMatchObject({ StaleClusters: 3, OldestVerifiedSeconds: 7200 });
  });

  it('raises both when reconcile is dead, although nothing is written any more', () => {
    const later = new Date(now.getTime() + 3_600_000);
    expect(planTick([entry('a')], [healthy('a')], later).gauges).toMatchObject({ StaleClusters: 1, OldestVerifiedSeconds: 3660 });
  });

  it('counts failing rows, runs and sources, each cluster once', () => {
    const failure = { reason: 'Refused', message: 'no' };
    const entries = [{ cluster: 'broken', invalid }, entry('run'), entry('git'), entry('fine'), entry('off', { mode: 'off' })];
    const states = [
      healthy('run', { outcome: 'failed', failure }),
      healthy('git', { sourceFailure: failure }),
      healthy('fine'),
      healthy('off', { sourceFailure: failure }),
    ];
    expect(gaugesOf(entries, states).FailingClusters).toBe(3);
  });

  it('counts no cluster that waits for something', () => {
    const failure = { reason: 'WaitingForSource', message: 'not rendered yet' };
    const states = [
      healthy('waits', { outcome: 'blocked', failure }),
      healthy('git', { outcome: 'blocked', failure, sourceFailure: failure }),
    ];
    expect(gaugesOf([entry('waits'), entry('git')], states).FailingClusters).toBe(1);
  });

  it('adds up open records', () => {
    expect(gaugesOf([entry('a'), entry('b'), entry('c')], [healthy('a', { open: 2 }), healthy('b', { open: 3 })]).OpenDrift).toBe(5);
  });

  it('adds up rollouts that do not work, where somebody still looks', () => {
    const rollouts = { progressing: 1, degraded: 2, at: secondsAgo(60) };
    const entries = [entry('a'), entry('b'), entry('fine'), entry('off', { mode: 'off' })];
    const states = [healthy('a', { rollouts }), healthy('b', { rollouts }), healthy('fine'), healthy('off', { rollouts })];
    expect(gaugesOf(entries, states).DegradedRollouts).toBe(4);
  });

  it('is zero for an empty fleet', () => {
    const none = { StaleClusters: 0, OldestVerifiedSeconds: 0, FailingClusters: 0, OpenDrift: 0, DegradedRollouts: 0 };
    expect(gaugesOf([], [])).toEqual(none);
  });
});

describe('the status of rows that no run reports on', () => {
  const statusesOf = (one: ClusterEntry, state?: ClusterState) => planTick([one], state === undefined ? [] : [state], now).statuses;
  const broken: ClusterEntry = { cluster: 'broken', invalid };

  it('is the words of an invalid row, written once', () => {
    expect(statusesOf(broken, healthy('broken'))).toEqual([{ cluster: 'broken', patch: { outcome: 'failed', failure: invalid } }]);
    expect(statusesOf(broken, { cluster: 'broken', outcome: 'failed', failure: invalid })).toEqual([]);
  });

  it('is off or suspended, without the failure of an earlier run', () => {
    const failure = { reason: 'Refused', message: 'no' };
    const off = entry('a', { mode: 'off' });
    expect(statusesOf(off, healthy('a', { outcome: 'failed', failure }))).toEqual([
      { cluster: 'a', patch: { outcome: 'off', failure: null } },
    ]);
    expect(statusesOf(off, { cluster: 'a', outcome: 'off' })).toEqual([]);
    expect(statusesOf(entry('a', { suspendedUntil: secondsAgo(-60), suspendedReason: 'x' }))).toEqual([
      { cluster: 'a', patch: { outcome: 'suspended', failure: null } },
    ]);
  });

  it("is a run's to write for every other row", () => {
    expect(statusesOf(entry('a'), healthy('a', { outcome: 'drifting' }))).toEqual([]);
  });
});
