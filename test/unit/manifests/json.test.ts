import { describe, expect, it } from 'vitest';
import { parseJson, stringifyJson } from '../../../lib/manifests/json.ts';

describe('JSON', () => {
  it.each([
    ['{"a":9007199254740993}', { a: 9007199254740993n }],
    ['{"a":-9223372036854775808}', { a: -9223372036854775808n }],
    ['18446744073709551615', 18446744073709551615n],
    ['[18446744073709551615,1]', [18446744073709551615n, 1]],
    ['{"a":9007199254740991}', { a: 9007199254740991 }],
    ['{"a":"9007199254740993","b":12345678901234567890}', { a: '9007199254740993', b: 12345678901234567890n }],
  ])('reads and writes %s without rounding', (text, value) => {
    expect(parseJson(text)).toEqual(value);
    expect(stringifyJson(parseJson(text))).toBe(text);
  });

  it('keeps a float that has many digits a number', () => {
    expect(parseJson('{"a": 1234567890123456789e2, "b": 0.1234567890123456789}')).toEqual({
      a: 1.2345678901234568e20,
      b: 0.12345678901234568,
    });
  });

  it('indents on request, with and without long integers', () => {
    expect(stringifyJson({ a: 1 }, 2)).toBe('{\n  "a": 1\n}');
    expect(stringifyJson({ a: 9007199254740993n }, 2)).toBe('{\n  "a": 9007199254740993\n}');
  });
});
