import { describe, expect, it } from 'vitest';
import { REROLL_INTERVAL_MS, refusalOf } from '../../../lib/images/reroll.ts';
import type { KubernetesObject } from '../../../lib/manifests/object.ts';

const now = new Date('2026-01-01T12:00:00Z');

function workload(restartedAt?: string): KubernetesObject {
  const annotations = restartedAt === undefined ? {} : { annotations: { 'kubectl.kubernetes.io/restartedAt': restartedAt } };
  const template = { metadata: { labels: { app: 'web', tier: 'front' }, ...annotations } };
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'shop' }, spec: { template } };
}

function budget(selector: object, disruptionsAllowed: number, namespace = 'shop'): KubernetesObject {
  return JSON.parse(
    JSON.stringify({
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'pdb', namespace },
      spec: { selector },
      status: { disruptionsAllowed },
    }),
  );
}

describe('a restart', () => {
  it.each([
    ['never restarted', undefined, undefined],
    ['restarted ten minutes ago', '2026-01-01T11:50:00Z', undefined],
    ['restarted nine minutes ago', '2026-01-01T11:51:00Z', 'RestartedJustNow'],
    ['restarted in the future', '2026-01-01T12:51:00Z', 'RestartedJustNow'],
  ])('of a workload %s', (_what, restartedAt, reason) => {
    expect(refusalOf(workload(restartedAt), [], now, REROLL_INTERVAL_MS)?.reason).toBe(reason);
  });

  it.each<[string, object, number, string, string | undefined]>([
    ['a budget that lets a pod go', { matchLabels: { app: 'web' } }, 1, 'shop', undefined],
    ['a budget that lets none go', { matchLabels: { app: 'web' } }, 0, 'shop', 'DisruptionBudget'],
    ['the budget of another workload', { matchLabels: { app: 'api' } }, 0, 'shop', undefined],
    ['the budget of another namespace', { matchLabels: { app: 'web' } }, 0, 'other', undefined],
    ['a budget for everything', {}, 0, 'shop', 'DisruptionBudget'],
    [
      'a budget by an expression',
      { matchExpressions: [{ key: 'tier', operator: 'In', values: ['front'] }] },
      0,
      'shop',
      'DisruptionBudget',
    ],
    [
      'a budget by an expression that excludes it',
      { matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['front'] }] },
      0,
      'shop',
      undefined,
    ],
    [
      'a budget for what has no such label',
      { matchExpressions: [{ key: 'job', operator: 'DoesNotExist' }] },
      0,
      'shop',
      'DisruptionBudget',
    ],
    ['a budget for what has the label', { matchExpressions: [{ key: 'job', operator: 'Exists' }] }, 0, 'shop', undefined],
    ['a budget that is not understood', { matchExpressions: [{ key: 'job', operator: 'Near' }] }, 0, 'shop', 'DisruptionBudget'],
  ])('under %s', (_what, selector, allowed, namespace, reason) => {
    expect(refusalOf(workload(), [budget(selector, allowed, namespace)], now, REROLL_INTERVAL_MS)?.reason).toBe(reason);
  });
});
