import { describe, expect, it } from 'vitest';
import { type KubernetesObject, objectIdOf, objectKey } from '../../../../lib/manifests/object.ts';
import { arrange } from '../../../../lib/reconcile/order/index.ts';

/** `NAME` is a ConfigMap, `Deployment/NAME` one; each with what it depends on. */
function graph(objects: Readonly<Record<string, string | undefined>>) {
  const nodes = Object.entries(objects).map(([what, dependsOn]) => {
    const [kind = '', name = ''] = what.includes('/') ? what.split('/') : ['ConfigMap', what];
    const annotations = dependsOn === undefined ? {} : { annotations: { 'plumbline.dev/depends-on': dependsOn } };
    const apiVersion = kind === 'Deployment' ? 'apps/v1' : 'v1';
    const namespace = kind === 'Namespace' ? {} : { namespace: 'shop' };
    const object: KubernetesObject = { apiVersion, kind, metadata: { name, ...namespace, ...annotations } };
    const id = objectIdOf(object);
    return { key: objectKey(id), id, object };
  });
  const { places, problems } = arrange(nodes);
  return Object.fromEntries(
    nodes.map(({ key, object }) => {
      const place = places.get(key);
      return [object.metadata.name, place === undefined ? problems.get(key)?.reason : `${place.stage}.${place.level}`];
    }),
  );
}

describe('objects come', () => {
  it.each<[string, Readonly<Record<string, string | undefined>>, Readonly<Record<string, string | undefined>>]>([
    ['by their kinds', { a: undefined, 'Deployment/b': undefined }, { a: '3.0', b: '4.0' }],
    ['after what they name within a stage', { a: 'ConfigMap/b', b: 'configmap/c', c: undefined }, { a: '3.2', b: '3.1', c: '3.0' }],
    [
      'after what they name of a later stage',
      { a: 'Deployment/b', 'Deployment/b': undefined, c: 'ConfigMap/a' },
      { a: '4.1', b: '4.0', c: '4.2' },
    ],
    ['after all that they name', { a: 'ConfigMap/b, ConfigMap/c', b: undefined, c: 'ConfigMap/b' }, { a: '3.2', b: '3.0', c: '3.1' }],
    [
      'after what they name in full',
      { a: 'apps/Deployment/shop/b, /Namespace//c', 'Deployment/b': undefined, 'Namespace/c': undefined },
      { a: '4.1', b: '4.0', c: '1.0' },
    ],
    ['after what they name with its group', { a: 'deployment.apps/b', 'Deployment/b': undefined }, { a: '4.1', b: '4.0' }],
    ['not when what they name is nowhere', { a: 'ConfigMap/x', b: undefined }, { a: 'DependencyUnknown', b: '3.0' }],
    ['not when it is in another namespace', { a: '/ConfigMap/other/b', b: undefined }, { a: 'DependencyUnknown', b: '3.0' }],
    ['not when it is of another group', { a: 'deployment.example.com/b', 'Deployment/b': undefined }, { a: 'DependencyUnknown', b: '4.0' }],
    [
      'not when they say nothing that names',
      { a: 'b', b: undefined, c: 'a/b/c' },
      { a: 'DependencyInvalid', b: '3.0', c: 'DependencyInvalid' },
    ],
    ['not when they name themselves', { a: 'ConfigMap/a' }, { a: 'DependencyCycle' }],
    [
      'not when they wait for each other; what waits for them has a place, and is held back when it is its turn',
      { a: 'ConfigMap/b', b: 'ConfigMap/c', c: 'ConfigMap/a', after: 'ConfigMap/a', before: undefined, d: 'ConfigMap/before' },
      { a: 'DependencyCycle', b: 'DependencyCycle', c: 'DependencyCycle', after: '3.0', before: '3.0', d: '3.1' },
    ],
  ])('%s', (_what, objects, places) => {
    expect(graph(objects)).toEqual(places);
  });

  it('in any number', () => {
    const chain = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, index) => [`n${index}`, index === 0 ? undefined : `ConfigMap/n${index - 1}`]),
    );
    expect(graph(chain)).toMatchObject({ n0: '3.0', n9999: '3.9999' });
    expect(graph({ ...chain, n0: 'ConfigMap/n9999' })).toMatchObject({ n0: 'DependencyCycle', n9999: 'DependencyCycle' });
  });
});
