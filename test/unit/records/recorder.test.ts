import { describe, expect, it } from 'vitest';
import type { Fact, MetricName, ObjectRecord, PlumblineRecord, RunFacts } from '../../../lib/records/index.ts';
import { createRecorder, createRecordIds, identityOf } from '../../../lib/records/index.ts';
import type { RecordStore } from '../../../lib/storage/index.ts';

const startedAt = '2027-01-01T00:00:00.000Z';
const signal = new AbortController().signal;
const secretValue = 'aHVudGVyMi1odW50ZXIy';

/** Keeps open records as the table does; `refuses` says of which it cannot be reached, `lost` which another run moved first. */
function setUp(options: { readonly refuses?: string; readonly lost?: string } = {}) {
  const stored = new Map<string, PlumblineRecord>();
  const lines: PlumblineRecord[] = [];
  const sums = new Map<MetricName, number>();
  const records: RecordStore = {
    put: async (record) => void stored.set(record.id, record),
    putIfAbsent: async (record) => {
      if (stored.has(record.id)) return false;
      stored.set(record.id, record);
      return true;
    },
    query: async () => [...stored.values()],
    listOpen: async () =>
      [...stored.values()].filter((record): record is ObjectRecord => record.kind !== 'run' && record.resolvedAt === undefined),
    transition: async (record) => {
      if (record.object.name === options.refuses) throw new Error('the table cannot be reached');
      if (record.object.name === options.lost) return false;
      stored.set(record.id, record);
      return true;
    },
  };
  const recorder = createRecorder({
    records,
    log: (record) => void lines.push(record),
    count: (metric, value) => void sums.set(metric, (sums.get(metric) ?? 0) + value),
    clock: { now: () => new Date('2027-01-01T00:00:05.000Z') },
    createIds: createRecordIds,
  });
  return { recorder, stored, lines, sums };
}

const fact = (name: string, fields: Partial<Fact> = {}): Fact => ({
  kind: 'drift',
  object: { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'shop', name },
  class: 'value',
  changes: [{ path: 'data.key', desired: 'a', live: 'b' }],
  decision: 'corrected',
  correctedAt: '2027-01-01T00:00:02.000Z',
  verifiedAt: '2027-01-01T00:00:02.000Z',
  ...fields,
});

const observed = (name: string, changes = fact(name).changes): Fact => ({
  kind: 'drift',
  object: fact(name).object,
  class: 'value',
  changes,
  decision: 'observed',
});

const run = (facts: readonly Fact[], sums: Partial<NonNullable<RunFacts['run']>> = {}): RunFacts => ({
  cluster: 'prod',
  runId: 'run-1',
  revision: 'a'.repeat(40),
  startedAt,
  facts,
  closes: () => true,
  run: { outcome: 'corrected', objects: 1, drifted: 1, corrected: 1, created: 0, failed: 0, requests: 4, durationMs: 1500, ...sums },
});

describe('a recorded run', () => {
  it('is in the table, in the log and in the metrics alike', async () => {
    const { recorder, stored, lines, sums } = setUp();
    const moved = await recorder.record(run([fact('a'), observed('b')]), signal);
    expect(moved).toEqual([...stored.values()]);
    expect(lines.map((line) => `${line.kind} ${line.event}`)).toEqual([
      'drift opened',
      'drift corrected',
      'drift verified',
      'drift opened',
      'run resolved',
    ]);
    for (const record of stored.values()) expect(lines.findLast(({ id }) => id === record.id)).toEqual(record);
    expect(Object.fromEntries(sums)).toEqual({
      DriftOpened: 2,
      DriftCorrected: 1,
      CorrectionSeconds: 2,
      Runs: 1,
      RunsFailed: 0,
      RunSeconds: 1.5,
    });
  });

  it('has ids whose time is the start of the run, in order, the run’s own last', async () => {
    const { recorder } = setUp();
    const moved = await recorder.record(run(Array.from({ length: 40 }, (_, index) => fact(`n-${index}`))), signal);
    const ids = moved.map(({ id }) => id);
    expect(ids).toEqual([...ids].sort());
    expect(new Set(ids.map((id) => id.slice(0, 10))).size).toBe(1);
    expect(moved.at(-1)?.kind).toBe('run');
  });

  it('says nothing twice of drift that stays as it was', async () => {
    const { recorder, lines, sums } = setUp();
    await recorder.record(run([observed('a')]), signal);
    const moved = await recorder.record(run([observed('a')]), signal);
    expect(moved.map(({ kind }) => kind)).toEqual(['run']);
    expect(lines.filter(({ kind }) => kind === 'drift')).toHaveLength(1);
    expect(sums.get('DriftOpened')).toBe(1);
  });

  it('does not count what is tolerated as drift', async () => {
    const { recorder, lines, sums } = setUp();
    await recorder.record(run([{ ...observed('a'), class: 'controller-field', decision: 'tolerated' }]), signal);
    expect(lines.filter(({ kind }) => kind === 'drift')).toHaveLength(1);
    expect(sums.get('DriftOpened')).toBeUndefined();
  });

  it('keeps nothing of a run that repeats the last one, but its duration, unless a record moved in it', async () => {
    const { recorder, stored, lines, sums } = setUp();
    await recorder.record(run([observed('a')]), signal);
    expect(await recorder.record({ ...run([observed('a')]), repeats: true }, signal)).toEqual([]);
    expect([...stored.values()].filter(({ kind }) => kind === 'run')).toHaveLength(1);
    expect(Object.fromEntries(sums)).toMatchObject({ Runs: 1, RunsFailed: 0, RunSeconds: 3 });
    await recorder.record({ ...run([observed('a', [{ path: 'data.key', live: 'c' }])]), repeats: true }, signal);
    expect([...stored.values()].filter(({ kind }) => kind === 'run')).toHaveLength(2);
    expect(lines.slice(-2).map(({ kind, event }) => `${kind} ${event}`)).toEqual(['drift changed', 'run resolved']);
  });

  it('counts findings of images, and by themselves those that matter most', async () => {
    const { recorder, sums } = setUp();
    const ids = ['run.mismatch', 'digest.missing', 'tag.moved', 'reg.foreign', 'no.such-finding'];
    const facts = ids.map(
      (id) => ({ kind: 'image', object: fact(id).object, class: id, changes: [{ path: id }], decision: 'reported' }) as const,
    );
    const { run: _none, ...audit } = run(facts);
    await recorder.record(audit, signal);
    expect(Object.fromEntries(sums)).toEqual({ ImageFindingsOpened: 5, CriticalImageFindingsOpened: 2, HighImageFindingsOpened: 1 });
  });

  it('neither logs nor counts a record that another run moved first', async () => {
    const { recorder, lines, sums } = setUp({ lost: 'a' });
    expect((await recorder.record(run([fact('a')]), signal)).map(({ kind }) => kind)).toEqual(['run']);
    expect(lines.map(({ kind }) => kind)).toEqual(['run']);
    expect(sums.get('DriftOpened')).toBeUndefined();
  });

  it('stores the others and the run when one record cannot be stored, and then says so', async () => {
    const { recorder, stored, lines } = setUp({ refuses: 'a' });
    await expect(recorder.record(run([fact('a'), fact('b')]), signal)).rejects.toThrow('the table cannot be reached');
    expect([...stored.values()].map(({ kind }) => kind)).toEqual(['drift', 'run']);
    expect(lines.at(-1)?.kind).toBe('run');
  });

  it('that was cut off is a failure of which nothing is counted, unless it has said more itself', async () => {
    const { recorder, stored, lines, sums } = setUp();
    const { run: cutOff } = recorder.prepare({ runId: 'run-0', revision: 'b', startedAt, facts: [] });
    await recorder.recordCutOff('prod', cutOff);
    const record = { cluster: 'prod', runId: 'run-0', at: startedAt, revision: 'b', outcome: 'failed', error: { reason: 'CutOff' } };
    expect([...stored.values()]).toMatchObject([{ kind: 'run', id: cutOff.id, objects: 0, ...record }]);
    expect(lines).toEqual([...stored.values()]);
    expect(Object.fromEntries(sums)).toEqual({ Runs: 1, RunsFailed: 1 });

    // It was only slow: its own word stands.
    const moved = await recorder.record({ ...run([]), runId: 'run-0', runRecordId: cutOff.id }, signal);
    await recorder.recordCutOff('prod', cutOff);
    expect([...stored.values()]).toEqual(moved);
    expect(moved).toMatchObject([{ id: cutOff.id, outcome: 'corrected' }]);
  });

  it('holds no value of a Secret and no token, wherever an earlier stage let one through', async () => {
    const { recorder, stored, lines } = setUp();
    const object = { apiVersion: 'v1', kind: 'Secret', namespace: 'shop', name: 'db' };
    const changes = [{ path: 'data.password', desired: secretValue, live: secretValue }];
    const error = { reason: 'Unauthorized', message: `token k8s-aws-v1.${secretValue} was refused` };
    await recorder.record(run([fact('db', { object, changes, error })], { error }), signal);
    expect(JSON.stringify([...stored.values(), ...lines])).not.toContain(secretValue);
  });

  it('compares what was cut for its size with what was cut before', async () => {
    const { recorder, lines } = setUp();
    const large = observed('a', [{ path: 'data.file', live: 'x'.repeat(50_000) }]);
    await recorder.record(run([large]), signal);
    await recorder.record(run([large]), signal);
    expect(lines.filter(({ kind }) => kind === 'drift')).toHaveLength(1);
  });
});

it('names a record within what a sort key may hold, however long the reference', () => {
  const image = { kind: 'image' as const, class: 'ref.invalid', object: fact('a').object, changes: [{ path: 'x'.repeat(5000) }] };
  expect(Buffer.byteLength(identityOf(image))).toBeLessThan(1000);
  expect(identityOf(image)).not.toBe(identityOf({ ...image, changes: [{ path: 'y'.repeat(5000) }] }));
});
