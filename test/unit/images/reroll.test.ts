import { describe, expect, it } from 'vitest';
import { REROLL_INTERVAL_MS, refusalOf } from '../../../lib/images/reroll/reroll.ts';
import type { KubernetesObject } from '../../../lib/manifests/object.ts';

const now = new Date('2026-01-01T12:00:00Z');

function workload(restartedAt?: string, rest: object = {}): KubernetesObject {
  const annotations = restartedAt === undefined ? {} : { annotations: { 'kubectl.kubernetes.io/restartedAt': restartedAt } };
  const template = { metadata: { labels: { app: 'web', tier: 'front' }, ...annotations } };
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'shop' }, spec: { template, ...rest } };
}

function budget(
  selector: object,
  disruptionsAllowed: number,
  namespace = 'shop',
  generations: readonly [number, number] = [1, 1],
): KubernetesObject {
  return JSON.parse(
    JSON.stringify({
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'pdb', namespace, generation: generations[0] },
      spec: { selector },
      status: { disruptionsAllowed, observedGeneration: generations[1] },
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

  it.each<[string, object, number, string | undefined]>([
    ['Recreate takes all down', { replicas: 3, strategy: { type: 'Recreate' } }, 2, 'DisruptionBudget'],
    ['half are more than one', { replicas: 4, strategy: { rollingUpdate: { maxUnavailable: '50%' } } }, 1, 'DisruptionBudget'],
    ['half are two', { replicas: 4, strategy: { rollingUpdate: { maxUnavailable: '50%' } } }, 2, undefined],
    ['a surge takes none down', { replicas: 4, strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } } }, 1, undefined],
    ['even a surge waits where no pod may go', { replicas: 4, strategy: { rollingUpdate: { maxUnavailable: 0 } } }, 0, 'DisruptionBudget'],
    ['a pause replaces no pod', { paused: true }, 5, 'NoRollout'],
  ])('is held against what its own rollout takes down: %s', (_what, spec, allowed, reason) => {
    expect(refusalOf(workload(undefined, spec), [budget({}, allowed)], now, REROLL_INTERVAL_MS)?.reason).toBe(reason);
  });

  it('is refused by the tightest of several budgets, and by one whose status speaks of an earlier one', () => {
    const spec = { replicas: 4, strategy: { rollingUpdate: { maxUnavailable: 2 } } };
    const refused = (...budgets: readonly KubernetesObject[]) =>
      refusalOf(workload(undefined, spec), budgets, now, REROLL_INTERVAL_MS)?.message;
    expect(refused(budget({}, 3), budget({ matchLabels: { app: 'web' } }, 1))).toContain('lets 1 go now');
    expect(refused(budget({}, 3, 'shop', [2, 1]))).toContain('lets no pod go now');
    expect(refused(budget({}, 3, 'shop', [2, 2]))).toBeUndefined();
  });

  it('with Recreate is made where no budget is', () => {
    const recreate = workload(undefined, { replicas: 3, strategy: { type: 'Recreate' } });
    expect(refusalOf(recreate, [], now, REROLL_INTERVAL_MS)).toBeUndefined();
  });
});
