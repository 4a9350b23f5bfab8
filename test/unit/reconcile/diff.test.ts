import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../lib/manifests/json.ts';
import { diffObjects } from '../../../lib/reconcile/diff.ts';
import { formatPath } from '../../../lib/reconcile/path.ts';
import { configMap, deployment, managed, ours } from './objects.ts';

/** Live, desired, and the differences as `shape path: live → desired`. */
function differences(live: ReturnType<typeof configMap>, desired: ReturnType<typeof configMap>): readonly string[] {
  return diffObjects(live, managed(desired, ours(desired))).map(
    ({ path, shape, live: before, desired: after }) => `${shape} ${formatPath(path)}: ${JSON.stringify(before)} → ${JSON.stringify(after)}`,
  );
}

const pods = (...containers: readonly JsonObject[]) => deployment({ containers });

describe('a difference', () => {
  it.each<[string, ReturnType<typeof configMap>, ReturnType<typeof configMap>, readonly string[]]>([
    ['none', configMap({ data: { a: '1' } }), configMap({ data: { a: '1' } }), []],
    ['a value', configMap({ data: { a: '2' } }), configMap({ data: { a: '1' } }), ['changed data.a: "2" → "1"']],
    ['a key that is missing', configMap({ data: {} }), configMap({ data: { a: '1' } }), ['removed data.a: undefined → "1"']],
    ['a key too many', configMap({ data: { a: '1' } }), configMap({ data: {} }), ['added data.a: "1" → undefined']],
    ['null is a value', configMap({ data: { a: null } }), configMap({ data: { a: '1' } }), ['changed data.a: null → "1"']],
    [
      'a label, where no label is left',
      configMap(),
      configMap({}, { labels: { app: 'web' } }),
      ['removed metadata.labels.app: undefined → "web"'],
    ],
    [
      'an item of a list, by its key wherever it stands',
      pods({ name: 'sidecar', image: 's:1' }, { name: 'app', image: 'w:2' }),
      pods({ name: 'app', image: 'w:1' }),
      [
        'changed spec.template.spec.containers[name=app].image: "w:2" → "w:1"',
        'added spec.template.spec.containers[name=sidecar]: {"name":"sidecar","image":"s:1"} → undefined',
      ],
    ],
    [
      'an item that is missing',
      pods({ name: 'app' }),
      pods({ name: 'app' }, { name: 'proxy' }),
      ['removed spec.template.spec.containers[name=proxy]: undefined → {"name":"proxy"}'],
    ],
    [
      'the order of the items that both have',
      pods({ name: 'b' }, { name: 'x' }, { name: 'a' }),
      pods({ name: 'a' }, { name: 'b' }),
      [
        'added spec.template.spec.containers[name=x]: {"name":"x"} → undefined',
        'reordered spec.template.spec.containers: ["b","a"] → ["a","b"]',
      ],
    ],
    [
      'a list of plain values, as one value',
      pods({ name: 'app', args: ['a', 'b'] }),
      pods({ name: 'app', args: ['b', 'a'] }),
      ['changed spec.template.spec.containers[name=app].args: ["a","b"] → ["b","a"]'],
    ],
    [
      'a list that the server replaces as a whole, by position',
      configMap({ rules: [{ host: 'a' }, { host: 'b' }] }),
      configMap({ rules: [{ host: 'a' }] }),
      ['added rules[1]: {"host":"b"} → undefined'],
    ],
    [
      'two items of one key, which cannot be told apart',
      pods({ name: 'app', image: 'w:1' }, { name: 'app', image: 'w:2' }),
      pods({ name: 'app', image: 'w:1' }),
      ['added spec.template.spec.containers[1]: {"name":"app","image":"w:2"} → undefined'],
    ],
    [
      'not what the server keeps for itself',
      configMap({ status: { ready: true } }, { uid: 'a', resourceVersion: '1', generation: 3, creationTimestamp: 'x' }),
      configMap({}, { uid: 'b', resourceVersion: '2', generation: 4 }),
      [],
    ],
    ['integers beyond 2^53', configMap({ spec: { n: 9007199254740993n } }), configMap({ spec: { n: 9007199254740993n } }), []],
  ])('of %s', (_what, live, desired, expected) => expect(differences(live, desired)).toEqual(expected));
});
