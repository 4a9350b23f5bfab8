import { expect, it } from 'vitest';
import { type ClusterMessage, type Delayed, parseRow, runSchedule, type SourceMessage } from '../../../lib/fleet/index.ts';
import { createRecorder, createRecordIds } from '../../../lib/records/index.ts';
import { memoryStores } from '../../helpers/memory-stores.ts';

const clock = { now: () => new Date('2027-01-01T12:00:00Z') };
const signal = new AbortController().signal;

function setUp(items: readonly Record<string, unknown>[]) {
  const sources: SourceMessage[] = [];
  const clusters: Delayed<ClusterMessage>[] = [];
  const { state, records } = memoryStores(clock);
  const deps = {
    clusters: { list: async () => items.map(parseRow) },
    state,
    queues: {
      sendSources: async (messages: readonly SourceMessage[]) => void sources.push(...messages),
      sendClusters: async (messages: readonly Delayed<ClusterMessage>[]) => void clusters.push(...messages),
    },
    recorder: createRecorder({ records, log: () => {}, count: () => {}, clock, createIds: createRecordIds }),
    clock,
    newRunId: () => 'tick',
  };
  return { deps, state, records, sources, clusters };
}

const row = (cluster: string) => ({ cluster, eksName: cluster, region: 'eu-west-1', repository: 'https://git.example/shop' });

it('sends what is due, and says of a broken row why it is not', async () => {
  const { deps, state, sources, clusters } = setUp([row('a'), { ...row('b'), mode: 'on' }]);
  await runSchedule(deps, signal);
  expect(sources).toEqual([{ repository: 'https://git.example/shop' }]);
  expect(clusters).toEqual([{ message: { cluster: 'a', reason: 'tick' }, delaySeconds: 0 }]);
  expect(await state.list()).toEqual([
    { cluster: 'b', outcome: 'failed', failure: { reason: 'InvalidRow', message: expect.stringContaining('attribute mode is "on"') } },
  ]);
});

it('records a broken row once for each thing that is said of it', async () => {
  const broken: Record<string, unknown> = { ...row('b'), mode: 'on' };
  const { deps, records } = setUp([broken]);
  await runSchedule(deps, signal);
  await runSchedule(deps, signal);
  expect(await records.query({ cluster: 'b' })).toMatchObject([
    {
      kind: 'run',
      event: 'failed',
      outcome: 'failed',
      runId: 'tick',
      error: { reason: 'InvalidRow', message: expect.stringContaining('"on"') },
    },
  ]);
  broken.mode = 'enforced';
  await runSchedule(deps, signal);
  // Both are of the same millisecond.
  expect((await records.query({ cluster: 'b' })).map(({ error }) => error?.message).sort()).toEqual([
    expect.stringContaining('"enforced"'),
    expect.stringContaining('"on"'),
  ]);
});

it('spreads a large fleet', async () => {
  const { deps, clusters } = setUp(Array.from({ length: 600 }, (_, index) => row(`c-${index}`)));
  await runSchedule(deps, signal);
  expect(new Set(clusters.map(({ delaySeconds }) => delaySeconds)).size).toBe(31);
});
