import { expect, it } from 'vitest';
import { parseJson, stringifyJson } from '../../../lib/manifests/json.ts';
import { canonicalise } from '../../../lib/storage/canonical-json.ts';

const canonical = (text: string) => stringifyJson(canonicalise(parseJson(text)));

it.each([
  ['sorts keys at every depth', '{"b":{"d":1,"c":2},"a":[{"z":1,"y":2}]}', '{"a":[{"y":2,"z":1}],"b":{"c":2,"d":1}}'],
  ['keeps the order of lists', '[3,1,2]', '[3,1,2]'],
  ['keeps long integers', '{"a":9007199254740993}', '{"a":9007199254740993}'],
  ['keeps keys that an object inherits', '{"__proto__":{"b":1},"constructor":2}', '{"__proto__":{"b":1},"constructor":2}'],
  ['keeps null, and texts that look like numbers', '{"b":null,"a":"1"}', '{"a":"1","b":null}'],
])('%s', (_what, text, expected) => {
  expect(canonical(text)).toBe(expected);
});

it('leaves out fields that are undefined', () => {
  expect(stringifyJson(canonicalise({ a: undefined, b: 1 }))).toBe('{"b":1}');
});
