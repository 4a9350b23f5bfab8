import { expect, it } from 'vitest';
import { type ClusterMessage, type Delayed, parseRow, runSchedule, type SourceMessage } from '../../../lib/fleet/index.ts';
import { memoryStateStore } from '../../helpers/memory-stores.ts';

const clock = { now: () => new Date('2027-01-01T12:00:00Z') };
const signal = new AbortController().signal;

function setUp(items: readonly Record<string, unknown>[]) {
  const sources: SourceMessage[] = [];
  const clusters: Delayed<ClusterMessage>[] = [];
  const state = memoryStateStore();
  const deps = {
    clusters: { list: async () => items.map(parseRow) },
    state,
    queues: {
      sendSources: async (messages: readonly SourceMessage[]) => void sources.push(...messages),
      sendClusters: async (messages: readonly Delayed<ClusterMessage>[]) => void clusters.push(...messages),
    },
    clock,
  };
  return { deps, state, sources, clusters };
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

it('spreads a large fleet', async () => {
  const { deps, clusters } = setUp(Array.from({ length: 600 }, (_, index) => row(`c-${index}`)));
  await runSchedule(deps, signal);
  expect(new Set(clusters.map(({ delaySeconds }) => delaySeconds)).size).toBe(31);
});
