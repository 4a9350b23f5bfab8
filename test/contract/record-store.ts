import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createRecordIds, type ObjectRecord, type RunRecord } from '../../lib/records/index.ts';
import type { RecordStore } from '../../lib/storage/index.ts';

export function drift(cluster: string, fields: Partial<ObjectRecord> = {}): ObjectRecord {
  const at = fields.at ?? '2027-01-01T00:00:00.000Z';
  return {
    cluster,
    id: createRecordIds()(Date.parse(at)),
    at,
    kind: 'drift',
    runId: 'run-1',
    revision: 'a'.repeat(40),
    sequence: 1,
    event: 'opened',
    object: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' },
    class: 'value',
    changes: [{ path: 'spec.replicas', desired: 2, live: 5 }],
    decision: 'observed',
    ...fields,
  };
}

function run(cluster: string, at: string): RunRecord {
  const sums = { objects: 3, drifted: 1, corrected: 0, created: 0, failed: 0, requests: 9, durationMs: 120 };
  return {
    cluster,
    id: createRecordIds()(Date.parse(at)),
    at,
    kind: 'run',
    runId: 'run-1',
    revision: 'a'.repeat(40),
    sequence: 1,
    event: 'resolved',
    outcome: 'drifting',
    ...sums,
  };
}

const freshCluster = () => `c-${randomUUID()}`;

/** What every record store promises. */
export function recordStoreContract(create: () => RecordStore): void {
  it('opens a record once when two runs see the same drift', async () => {
    const records = create();
    const cluster = freshCluster();
    const answers = await Promise.all(Array.from({ length: 8 }, () => records.transition(drift(cluster))));
    expect(answers.filter((moved) => moved)).toHaveLength(1);
    expect(await records.listOpen(cluster)).toHaveLength(1);
    expect(await records.query({ cluster })).toHaveLength(1);
  });

  it('updates an open record in place, and closes it', async () => {
    const records = create();
    const cluster = freshCluster();
    const opened = drift(cluster);
    const held: ObjectRecord = { ...opened, event: 'held', sequence: 2, decision: 'held', heldUntil: '2027-01-01T02:00:00.000Z' };
    const resolved: ObjectRecord = { ...held, event: 'resolved', sequence: 3, resolvedAt: '2027-01-01T01:00:00.000Z' };
    expect(await records.transition(opened)).toBe(true);
    expect(await records.transition(held)).toBe(true);
    expect(await records.listOpen(cluster)).toEqual([held]);
    expect(await records.transition(resolved)).toBe(true);
    expect(await records.listOpen(cluster)).toEqual([]);
    expect(await records.query({ cluster })).toEqual([resolved]);
  });

  it('does not move a record that another run has moved or closed meanwhile', async () => {
    const records = create();
    const cluster = freshCluster();
    const opened = drift(cluster);
    const resolved: ObjectRecord = { ...opened, event: 'resolved', sequence: 2, resolvedAt: '2027-01-01T01:00:00.000Z' };
    await records.transition(opened);
    expect(await records.transition(opened)).toBe(false);
    await records.transition(resolved);
    expect(await records.transition({ ...opened, event: 'changed', sequence: 3 })).toBe(false);
    expect(await records.query({ cluster })).toEqual([resolved]);
    expect(await records.listOpen(cluster)).toEqual([]);
  });

  it('keeps the record of a run that is there already, where it is to be put only if none is', async () => {
    const records = create();
    const cluster = freshCluster();
    const first = run(cluster, '2027-01-01T00:00:00.000Z');
    expect(await records.putIfAbsent(first)).toBe(true);
    expect(await records.putIfAbsent({ ...first, outcome: 'failed' })).toBe(false);
    expect(await records.query({ cluster })).toEqual([first]);
  });

  it('opens a new record for drift that comes again, and keeps other classes and objects apart', async () => {
    const records = create();
    const cluster = freshCluster();
    const first = drift(cluster, { resolvedAt: '2027-01-01T00:00:01.000Z', event: 'verified' });
    const again = drift(cluster);
    const foreign = drift(cluster, { class: 'foreign-field' });
    for (const record of [first, again, foreign]) expect(await records.transition(record)).toBe(true);
    expect((await records.listOpen(cluster)).map(({ id }) => id).sort()).toEqual([again.id, foreign.id].sort());
    expect(await records.query({ cluster })).toHaveLength(3);
  });

  it('gives back what it was given: integers beyond 2^53, null, nested and absent values, every field', async () => {
    const records = create();
    const cluster = freshCluster();
    const record = drift(cluster, {
      object: { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'shop', name: 'web', uid: randomUUID() },
      changes: [
        { path: 'spec.big', desired: 9_007_199_254_740_993n, live: -18_446_744_073_709_551_615n },
        { path: 'spec.float', desired: 0.1, live: 1e300 },
        { path: 'spec.list', desired: [{ name: 'a', empty: '', none: null }, []] },
        { path: 'metadata.labels.x', live: 'added' },
      ],
      actor: { manager: 'kubectl-edit', operation: 'Update', at: '2027-01-01T00:00:00Z' },
      error: { reason: 'Conflict', message: 'somebody else wrote it' },
      durationMs: 12,
    });
    await records.transition(record);
    expect(await records.listOpen(cluster)).toEqual([record]);
    expect(await records.query({ cluster })).toEqual([record]);
  });

  describe('query', () => {
    it('returns the newest first, of the kind, the time and the number asked for', async () => {
      const records = create();
      const cluster = freshCluster();
      const moments = ['2027-01-01T00:00:00.000Z', '2027-01-01T01:00:00.000Z', '2027-01-01T02:00:00.000Z'];
      const runs = moments.map((at) => run(cluster, at));
      for (const record of runs) await records.put(record);
      const open = drift(cluster, { at: '2027-01-01T01:30:00.000Z' });
      await records.transition(open);
      const idsOf = async (query: Parameters<RecordStore['query']>[0]) => (await records.query({ cluster, ...query })).map(({ id }) => id);
      expect(await idsOf({})).toEqual([runs[2]?.id, open.id, runs[1]?.id, runs[0]?.id]);
      expect(await idsOf({ kind: 'run' })).toEqual([runs[2]?.id, runs[1]?.id, runs[0]?.id]);
      expect(await idsOf({ since: '2027-01-01T01:00:00.000Z' })).toEqual([runs[2]?.id, open.id, runs[1]?.id]);
      expect(await idsOf({ open: true })).toEqual([open.id]);
      expect(await idsOf({ kind: 'run', limit: 1 })).toEqual([runs[2]?.id]);
    });

    it('finds records of all clusters, open and closed', async () => {
      const records = create();
      const [one, other] = [freshCluster(), freshCluster()];
      // Later than those of every other test of the suite, which share the table.
      const at = '2029-01-01T00:00:00.000Z';
      const open = drift(one, { at });
      const closed = run(other, '2029-01-01T00:00:01.000Z');
      await records.transition(open);
      await records.put(closed);
      const idsOf = async (query: Parameters<RecordStore['query']>[0]) =>
        (await records.query({ since: at, ...query })).map(({ id }) => id);
      expect(await idsOf({})).toEqual([closed.id, open.id]);
      expect(await idsOf({ open: true })).toEqual([open.id]);
      expect(await idsOf({ open: false })).toEqual([closed.id]);
      expect(await idsOf({ kind: 'drift' })).toEqual([open.id]);
    });
  });
}
