import { describe, expect, it } from 'vitest';
import { rolloutOf } from '../../../lib/images/reroll/rollout.ts';
import type { KubernetesObject } from '../../../lib/manifests/object.ts';

function workload(kind: string, spec: object, status: object = {}): KubernetesObject {
  return JSON.parse(JSON.stringify({ apiVersion: 'apps/v1', kind, metadata: { name: 'web', namespace: 'shop' }, spec, status }));
}

const rolling = (replicas: number, rollingUpdate: object) => ({ replicas, strategy: { type: 'RollingUpdate', rollingUpdate } });
const updated = (replicas: number, updateStrategy: object) => ({ replicas, updateStrategy });

describe('a restart of a Deployment takes down', () => {
  it.each<[string, object, number]>([
    ['none of one pod by default', {}, 0],
    ['none of three by default', { replicas: 3 }, 0],
    ['one of four by default', { replicas: 4 }, 1],
    ['half, rounded down', rolling(5, { maxUnavailable: '50%', maxSurge: 0 }), 2],
    ['a number as it is', rolling(10, { maxUnavailable: 3 }), 3],
    ['no more than it has', rolling(2, { maxUnavailable: 3 }), 2],
    ['none where it only surges', rolling(10, { maxUnavailable: 0, maxSurge: 1 }), 0],
    ['one where both round to nothing', rolling(3, { maxUnavailable: '10%', maxSurge: 0 }), 1],
    ['none where the surge rounds up', rolling(3, { maxUnavailable: '10%', maxSurge: '1%' }), 0],
    ['all with Recreate', { replicas: 4, strategy: { type: 'Recreate' } }, 4],
  ])('%s', (_what, spec, takesDown) => {
    expect(rolloutOf(workload('Deployment', spec))).toEqual({ takesDown });
  });
});

describe('a restart of a StatefulSet takes down', () => {
  it.each<[string, object, number]>([
    ['one by default', { replicas: 3 }, 1],
    ['what maxUnavailable says', updated(5, { rollingUpdate: { maxUnavailable: 2 } }), 2],
    ['a percentage, rounded up', updated(5, { rollingUpdate: { maxUnavailable: '30%' } }), 2],
    ['one with an empty partition', updated(3, { type: 'RollingUpdate', rollingUpdate: { partition: 0 } }), 1],
  ])('%s', (_what, spec, takesDown) => {
    expect(rolloutOf(workload('StatefulSet', spec))).toEqual({ takesDown });
  });
});

describe('a restart of a DaemonSet takes down', () => {
  const status = { desiredNumberScheduled: 5 };
  it.each<[string, object, number]>([
    ['one by default', {}, 1],
    ['a percentage, rounded up', { updateStrategy: { rollingUpdate: { maxUnavailable: '30%' } } }, 2],
    ['none where it only surges', { updateStrategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } } }, 0],
    ['one where it has nothing to spare', { updateStrategy: { rollingUpdate: { maxUnavailable: 0 } } }, 1],
  ])('%s', (_what, spec, takesDown) => {
    expect(rolloutOf(workload('DaemonSet', spec, status))).toEqual({ takesDown });
  });
});

describe('a restart would not make the pods anew of', () => {
  it.each<[string, KubernetesObject, string]>([
    ['a paused Deployment', workload('Deployment', { paused: true }), 'paused'],
    ['a StatefulSet with OnDelete', workload('StatefulSet', updated(3, { type: 'OnDelete' })), 'OnDelete'],
    ['a DaemonSet with OnDelete', workload('DaemonSet', { updateStrategy: { type: 'OnDelete' } }), 'OnDelete'],
    ['a StatefulSet with a partition', workload('StatefulSet', updated(3, { rollingUpdate: { partition: 2 } })), 'partition'],
    ['a DaemonSet that no controller has seen', workload('DaemonSet', {}), 'how many pods'],
    ['a strategy that is not known', workload('Deployment', { strategy: { type: 'BlueGreen' } }), 'BlueGreen'],
    ['a maxUnavailable that is not understood', workload('Deployment', rolling(4, { maxUnavailable: 'half' })), 'maxUnavailable'],
  ])('%s', (_what, live, why) => {
    expect(rolloutOf(live)).toEqual({ refused: expect.stringContaining(why) });
  });
});
