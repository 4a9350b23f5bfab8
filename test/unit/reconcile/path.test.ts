import { describe, expect, it } from 'vitest';
import { formatPath, indexIn, type Path, valueAt } from '../../../lib/reconcile/path.ts';

const field = (name: string) => ({ field: name });
const CONTAINERS = [field('spec'), field('containers')];

describe('a path', () => {
  it.each<[Path, string]>([
    [[...CONTAINERS, { keys: { name: 'app' } }, field('image')], 'spec.containers[name=app].image'],
    [[field('spec'), field('ports'), { keys: { port: 80, protocol: 'TCP' } }], 'spec.ports[port=80,protocol=TCP]'],
    [[field('metadata'), field('labels'), field('app.kubernetes.io/name')], 'metadata.labels["app.kubernetes.io/name"]'],
    [[field('data'), field('nginx.conf')], 'data["nginx.conf"]'],
    [[field('rules'), { index: 2 }, field('verbs')], 'rules[2].verbs'],
    [[field('metadata'), field('finalizers'), { value: 'a/b' }], 'metadata.finalizers["a/b"]'],
  ])('is written as people read it: %j', (path, text) => expect(formatPath(path)).toBe(text));

  const object = {
    spec: { containers: [{ name: 'a' }, { name: 'app', image: 'web:1' }], ports: [{ port: 80 }, { port: 80, protocol: 'UDP' }] },
    set: ['x', 'y'],
  };
  it.each<[string, Path, unknown]>([
    ['an item by its key', [...CONTAINERS, { keys: { name: 'app' } }, field('image')], 'web:1'],
    ['a port without a protocol is TCP', [field('spec'), field('ports'), { keys: { port: 80, protocol: 'TCP' } }], { port: 80 }],
    ['an item of a set', [field('set'), { value: 'y' }], 'y'],
    ['an item by position', [field('set'), { index: 0 }], 'x'],
    ['nothing, of an item that is not there', [...CONTAINERS, { keys: { name: 'gone' } }], undefined],
    ['nothing, of a field of what every object has', [field('constructor')], undefined],
    ['nothing, of a position beyond the end', [field('set'), { index: 7 }], undefined],
  ])('leads to %s', (_what, path, value) => expect(valueAt(object, path)).toEqual(value));

  it('says where in a list an item is', () => {
    expect(indexIn(object.spec.containers, { keys: { name: 'app' } })).toBe(1);
    expect(indexIn('no list', { index: 0 })).toBe(-1);
  });
});
