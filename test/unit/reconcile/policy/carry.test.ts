import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../../lib/manifests/json.ts';
import type { KubernetesObject } from '../../../../lib/manifests/object.ts';
import { type Difference, diffObjects } from '../../../../lib/reconcile/diff.ts';
import { formatPath } from '../../../../lib/reconcile/path.ts';
import { carryLive } from '../../../../lib/reconcile/policy/carry.ts';
import { configMap, deployment, managed, ours } from '../objects.ts';

const app = {
  name: 'app',
  image: 'app:1',
  env: [
    { name: 'A', value: '1' },
    { name: 'B', value: '2' },
  ],
};
const side = { name: 'side', image: 'side:1' };
const pod = (...containers: readonly JsonObject[]) => deployment({ containers });
const owned = (object: KubernetesObject) => managed(object, ours(object));

/** What differs between live and the server's version of Git's. */
const differences = (live: KubernetesObject, git: KubernetesObject): readonly Difference[] => diffObjects(live, owned(git));

describe('a body that leaves the live values', () => {
  it.each<[what: string, git: KubernetesObject, live: KubernetesObject]>([
    ['of a changed value', configMap({ data: { a: '1', b: '2' } }), configMap({ data: { a: '9', b: '2' } })],
    ['of a removed key', configMap({ data: { a: '1', b: '2' } }), configMap({ data: { b: '2' } })],
    ['of an added key', configMap({ data: { a: '1' } }), configMap({ data: { a: '1', b: '2' } })],
    ['of a whole field that is gone', configMap({ data: { a: '1' } }), configMap()],
    ['of a label', configMap({}, { labels: { tier: 'front' } }), configMap({}, { labels: { tier: 'back' } })],
    ['of an image', pod(app, side), pod({ ...app, image: 'app:9' }, side)],
    ['of a container that is gone', pod(app, side), pod(side)],
    ['of a container that came', pod(app), pod(app, side)],
    [
      'of a variable in a container',
      pod(app, side),
      pod(
        {
          ...app,
          env: [
            { name: 'A', value: '9' },
            { name: 'B', value: '2' },
          ],
        },
        side,
      ),
    ],
    ['of an order', pod(app, side), pod(side, app)],
    ['of several in one list', pod(app, side, { name: 'c' }), pod({ name: 'c' }, { name: 'd' })],
  ])('%s', (_what, git, live) => {
    const carry = differences(live, git);
    expect(carry).not.toEqual([]);
    expect(differences(live, carryLive(git, carry))).toEqual([]);
  });

  it('is Git’s everywhere else', () => {
    const git = configMap({ data: { a: '1', b: '2', c: '3' } });
    const live = configMap({ data: { a: '9', b: '8' } });
    const [held] = differences(live, git).filter(({ path }) => formatPath(path) === 'data.a');
    expect(carryLive(git, held === undefined ? [] : [held])).toEqual(configMap({ data: { a: '9', b: '2', c: '3' } }));
  });

  it('takes several items out of a list that has only positions', () => {
    const rule = (verb: string) => ({ verbs: [verb] });
    const git = configMap({ rules: [rule('get'), rule('list'), rule('watch')] });
    const live = configMap({ rules: [rule('get')] });
    expect(carryLive(git, differences(live, git))).toEqual(live);
  });

  it('does not touch what it was given', () => {
    const git = pod(app, side);
    const before = structuredClone(git);
    carryLive(git, differences(pod(side), git));
    expect(git).toEqual(before);
  });
});
