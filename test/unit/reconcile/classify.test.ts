import { describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../../lib/manifests/object.ts';
import { divideByCause, driftClassOf } from '../../../lib/reconcile/classify.ts';
import { diffObjects } from '../../../lib/reconcile/diff.ts';
import { formatPath } from '../../../lib/reconcile/path.ts';
import { configMap, deployment, managed, ours } from './objects.ts';

interface Case {
  /** What Git said before; undefined: we meet the object for the first time. */
  readonly before: KubernetesObject | undefined;
  readonly now: KubernetesObject;
  readonly live: KubernetesObject;
  /** What the server makes of ours, when that is not what Git says. */
  readonly dryRun?: KubernetesObject;
  readonly owned?: boolean;
  readonly drift: readonly string[];
  readonly rollout: readonly string[];
}

const data = (values: Readonly<Record<string, string>>) => configMap({ data: values });
const containers = (...names: readonly string[]) => deployment({ containers: names.map((name) => ({ name })) });
const order = 'spec.template.spec.containers';

describe('drift and rollout are told apart for each path', () => {
  it.each<[string, Case]>([
    [
      'a value that only the cluster changed',
      { before: data({ a: '1' }), now: data({ a: '1' }), live: data({ a: '9' }), drift: ['data.a'], rollout: [] },
    ],
    [
      'a value that only Git changed',
      { before: data({ a: '1' }), now: data({ a: '2' }), live: data({ a: '1' }), drift: [], rollout: ['data.a'] },
    ],
    [
      'one of each in one object',
      {
        before: data({ a: '1', b: '1' }),
        now: data({ a: '2', b: '1' }),
        live: data({ a: '1', b: '9' }),
        drift: ['data.b'],
        rollout: ['data.a'],
      },
    ],
    [
      'a value that both changed follows Git',
      { before: data({ a: '1' }), now: data({ a: '2' }), live: data({ a: '9' }), drift: [], rollout: ['data.a'] },
    ],
    ['a key that Git added', { before: data({}), now: data({ a: '1' }), live: data({}), drift: [], rollout: ['data.a'] }],
    ['a key that Git removed', { before: data({ a: '1' }), now: data({}), live: data({ a: '1' }), drift: [], rollout: ['data.a'] }],
    ['a key that the cluster lost', { before: data({ a: '1' }), now: data({ a: '1' }), live: data({}), drift: ['data.a'], rollout: [] }],
    [
      'a key that the cluster lost while Git changed it',
      { before: data({ a: '1' }), now: data({ a: '2' }), live: data({}), drift: ['data.a'], rollout: [] },
    ],
    [
      'the first contact is all rollout',
      { before: undefined, now: data({ a: '1' }), live: data({ a: '9' }), drift: [], rollout: ['data.a'] },
    ],
    [
      'an order that the cluster changed',
      { before: containers('a', 'b'), now: containers('a', 'b'), live: containers('b', 'a'), drift: [order], rollout: [] },
    ],
    [
      'an order that Git changed',
      { before: containers('b', 'a'), now: containers('a', 'b'), live: containers('b', 'a'), drift: [], rollout: [order] },
    ],
    [
      'an order that the cluster changed while Git added an item',
      {
        before: containers('a', 'b'),
        now: containers('new', 'a', 'b'),
        live: containers('b', 'a'),
        drift: [order],
        rollout: [`${order}[name=new]`],
      },
    ],
    [
      'what Git never said goes with the rollout that it follows from',
      {
        before: data({ a: '1' }),
        now: data({ a: '2' }),
        live: data({ a: '1', consequence: 'old' }),
        dryRun: data({ a: '2', consequence: 'new' }),
        drift: [],
        rollout: ['data.a', 'data.consequence'],
      },
    ],
    [
      'unless somebody owns it',
      {
        before: data({ a: '1' }),
        now: data({ a: '2' }),
        live: data({ a: '1', consequence: 'theirs' }),
        dryRun: data({ a: '2', consequence: 'new' }),
        owned: true,
        drift: ['data.consequence'],
        rollout: ['data.a'],
      },
    ],
    [
      'what Git never said is drift where nothing rolls out',
      {
        before: data({}),
        now: data({}),
        live: data({ webhook: '1' }),
        dryRun: data({ webhook: '2' }),
        drift: ['data.webhook'],
        rollout: [],
      },
    ],
  ])('%s', (_what, { before, now, live, dryRun = now, owned = false, drift, rollout }) => {
    const differences = diffObjects(live, managed(dryRun, ours(dryRun)));
    const baseline = before === undefined ? undefined : { object: before };
    const causes = divideByCause(differences, now, baseline, () => owned);
    expect(causes.drift.map(({ path }) => formatPath(path))).toEqual(drift);
    expect(causes.rollout.map(({ path }) => formatPath(path))).toEqual(rollout);
  });

  it('an object whose artifact is gone is met as for the first time', () => {
    const differences = diffObjects(data({ a: '9' }), data({ a: '1' }));
    expect(divideByCause(differences, data({ a: '1' }), { object: undefined }, () => false).rollout).toEqual(differences);
  });
});

describe('the class of a drift', () => {
  it.each([
    ['value', data({ a: '9' }), data({ a: '1' })],
    ['item', data({}), data({ a: '1' })],
    ['metadata', configMap({}, { annotations: { note: 'x' } }), configMap({}, { annotations: { note: 'y' } })],
    ['list-order', containers('b', 'a'), containers('a', 'b')],
  ])('%s', (name, live, desired) => {
    expect(diffObjects(live, managed(desired, ours(desired))).map(driftClassOf)).toEqual([name]);
  });
});
