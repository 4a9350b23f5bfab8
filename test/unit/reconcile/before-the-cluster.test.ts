import { beforeEach, describe, expect, it } from 'vitest';
import { reconcileCluster } from '../../../lib/reconcile/index.ts';
import { createRecorder, createRecordIds } from '../../../lib/records/index.ts';
import { clusterRow } from '../../helpers/cluster-row.ts';
import { type MemoryStores, memoryStores } from '../../helpers/memory-stores.ts';

let minute = 0;
const clock = { now: () => new Date(Date.UTC(2027, 0, 1, 0, minute)) };
let stores: MemoryStores;
let counted: Record<string, number>;

beforeEach(() => {
  minute = 0;
  stores = memoryStores(clock);
  counted = {};
});

/** A run that must end before it reaches a cluster, a minute after the last one; a tick asks for it, if nothing else is said. */
function run(asked: { readonly tickAt?: Date } = { tickAt: clock.now() }) {
  const recorder = createRecorder({
    records: stores.records,
    log: () => undefined,
    count: (metric, value) => {
      counted[metric] = (counted[metric] ?? 0) + value;
    },
    clock,
    createIds: createRecordIds,
  });
  const deps = {
    ...stores,
    recorder,
    clock,
    random: () => 0.5,
    deployment: 'test',
    connect: () => Promise.reject(new Error('not reached')),
  };
  minute += 1;
  return reconcileCluster(clusterRow('a', { mode: 'enforce' }), deps, {
    runId: `run-${minute}`,
    signal: AbortSignal.timeout(10_000),
    ...asked,
  });
}

describe('a run that waits for its source', () => {
  it('is recorded once, however many ticks find it waiting', async () => {
    for (let tick = 0; tick < 3; tick += 1) expect((await run()).outcome).toBe('blocked');
    expect(await stores.records.query({})).toMatchObject([{ kind: 'run', outcome: 'blocked', error: { reason: 'WaitingForSource' } }]);
    expect(counted).toEqual({ Runs: 1, RunsFailed: 0, RunSeconds: 0 });
  });

  it('is recorded again when it has something else to say', async () => {
    await run();
    await stores.state.update('a', { sourceFailure: { reason: 'RepositoryUnreachable', message: 'gone' } });
    await run();
    await run();
    expect((await stores.records.query({})).map((record) => record.error?.reason)).toEqual(['RepositoryUnreachable', 'WaitingForSource']);
    expect(counted).toMatchObject({ Runs: 2, RunsFailed: 2 });
  });

  it('is recorded each time that a person or a commit asks for it', async () => {
    await run();
    await run({});
    expect(await stores.records.query({ kind: 'run' })).toHaveLength(2);
  });
});

it('a tick from before the last run does nothing', async () => {
  const old = clock.now();
  await run();
  expect(await run({ tickAt: old })).toEqual({ outcome: 'overtaken', records: [] });
  expect(await stores.state.get('a')).toMatchObject({ lastRunAt: '2027-01-01T00:01:00.000Z' });
});

it('an artifact that is gone is no longer the desired one, so that it is published again', async () => {
  await stores.state.update('a', { desiredArtifact: 'f'.repeat(64), renderedFrom: 'https://git.example/shop main@1 app' });
  expect(await run()).toMatchObject({ outcome: 'failed', records: [{ kind: 'run', error: { reason: 'ArtifactMissing' } }] });
  const state = await stores.state.get('a');
  expect(state).toMatchObject({ outcome: 'failed', failure: { reason: 'ArtifactMissing' } });
  expect(state).not.toHaveProperty('desiredArtifact');
  expect(state).not.toHaveProperty('nextAttemptAt');
});

it('what ended the run is in the status without credentials, and no longer than a record has it', async () => {
  const token = `k8s-aws-v1.${'x'.repeat(40)}`;
  const said = `the proxy answered ${token} ${'and more '.repeat(10_000)}`;
  await stores.state.update('a', { sourceFailure: { reason: 'RepositoryUnreachable', message: said } });
  const [record] = (await run()).records;
  const state = await stores.state.get('a');
  expect(state?.failure?.message.includes(token)).toBe(false);
  expect(state?.failure?.message.length).toBeLessThan(5_000);
  expect(state?.failure?.message === record?.error?.message).toBe(true);
});
