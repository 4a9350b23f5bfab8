import { describe, expect, it } from 'vitest';
import { mapImagesAt } from '../../../lib/manifests/image-paths.ts';
import type { JsonObject } from '../../../lib/manifests/json.ts';
import type { KubernetesObject } from '../../../lib/manifests/object.ts';

const rollout = (spec: JsonObject): KubernetesObject => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Rollout',
  metadata: { name: 'web' },
  spec,
});
const pinned = (object: KubernetesObject, ...paths: readonly string[]) => {
  const seen: string[] = [];
  const mapped = mapImagesAt(
    object,
    paths.map((path) => ({ group: 'argoproj.io', kind: 'Rollout', path })),
    (image, at) => {
      seen.push(at);
      return `${image}@sha256:0`;
    },
  );
  return { spec: mapped.spec, seen };
};

describe('images at a path', () => {
  it.each<[string, JsonObject, JsonObject, readonly string[]]>([
    ['spec.image', { image: 'web:1', other: 1 }, { image: 'web:1@sha256:0', other: 1 }, ['spec.image']],
    [
      'spec.template.spec.containers[*].image',
      { template: { spec: { containers: [{ image: 'a:1' }, { name: 'none' }, { image: 'b:2' }] } } },
      { template: { spec: { containers: [{ image: 'a:1@sha256:0' }, { name: 'none' }, { image: 'b:2@sha256:0' }] } } },
      ['spec.template.spec.containers[0].image', 'spec.template.spec.containers[2].image'],
    ],
    [
      'spec.images[*]',
      { images: ['a:1', 7, 'b:2'] },
      { images: ['a:1@sha256:0', 7, 'b:2@sha256:0'] },
      ['spec.images[0]', 'spec.images[2]'],
    ],
    [
      'spec.matrix[*][*].image',
      { matrix: [[{ image: 'a:1' }], []] },
      { matrix: [[{ image: 'a:1@sha256:0' }], []] },
      ['spec.matrix[0][0].image'],
    ],
  ])('%s is replaced and nothing beside it', (path, spec, expected, seen) => {
    expect(pinned(rollout(spec), path)).toEqual({ spec: expected, seen });
  });

  it.each([
    ['nothing there', 'spec.missing[*].image'],
    ['a map where a list is meant', 'spec.template[*].image'],
    ['a list where a map is meant', 'spec.list.image'],
    ['a number', 'spec.replicas'],
    ['an inherited field', 'spec.constructor.name'],
  ])('with %s is left alone, and the object is the same', (_what, path) => {
    const object = rollout({ template: { image: 'web:1' }, list: ['web:1'], replicas: 3 });
    expect(mapImagesAt(object, [{ group: 'argoproj.io', kind: 'Rollout', path }], () => 'changed')).toBe(object);
  });

  it.each([
    ['the kind of another group', { group: 'example.com', kind: 'Rollout', path: 'spec.image' }],
    ['another kind', { group: 'argoproj.io', kind: 'Experiment', path: 'spec.image' }],
    ['the name of the object', { group: 'argoproj.io', kind: 'Rollout', path: 'metadata.name' }],
    ['its kind', { group: 'argoproj.io', kind: 'Rollout', path: 'kind' }],
  ])('does not touch %s', (_what, path) => {
    const object = rollout({ image: 'web:1' });
    expect(mapImagesAt(object, [path], () => 'changed')).toBe(object);
  });
});
