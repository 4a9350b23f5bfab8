import { describe, expect, it } from 'vitest';
import { parseManifests } from '../../../lib/manifests/parse.ts';
import { resolveScalar } from '../../../lib/manifests/yaml-scalars.ts';
import { SCALARS } from '../../helpers/yaml-scalars.ts';

function valuesOf(text: string): unknown[] {
  return parseManifests(text).map((document) => ('value' in document ? document.value : `line ${document.line}: ${document.problem}`));
}

describe('reading YAML as kubectl does', () => {
  it.each(SCALARS)('reads %s', (text, value) => {
    expect(resolveScalar(text)).toStrictEqual(value);
  });

  it('keeps quoted and block scalars strings', () => {
    expect(valuesOf('a: "yes"\nb: \'0644\'\nc: |\n  1\nd: !!str 12\ne: !!binary aGVsbG8=\nf: !!int "12"')).toEqual([
      { a: 'yes', b: '0644', c: '1\n', d: '12', e: 'hello', f: 12 },
    ]);
  });

  it('turns keys into strings after resolving them', () => {
    expect(valuesOf('{1: a, yes: b, 1.5: c, 0644: d, "2": e}')).toEqual([{ '1': 'a', true: 'b', '1.5': 'c', '420': 'd', '2': 'e' }]);
  });

  it('reads several documents and leaves out the empty ones', () => {
    expect(parseManifests('---\n# nothing\n---\na: 1\n...\n---\nb: 2\n---\n')).toEqual([
      { line: 4, value: { a: 1 } },
      { line: 7, value: { b: 2 } },
    ]);
  });

  it('reads JSON with tabs and escapes', () => {
    expect(valuesOf('{\n\t"a":\t"x\\/\\u00e9\\ud83d\\ude00",\n\t"b": [1, 9007199254740993]\n}\n')).toEqual([
      { a: 'x/é😀', b: [1, 9007199254740993n] },
    ]);
  });

  it('merges maps, the explicit key winning', () => {
    expect(valuesOf('base: &b {k: 1, z: 1}\nuse: {<<: *b, z: 2}\nlist: {<<: [*b, {w: 3}]}')).toEqual([
      { base: { k: 1, z: 1 }, use: { k: 1, z: 2 }, list: { k: 1, z: 1, w: 3 } },
    ]);
  });

  it('treats __proto__ as any other key', () => {
    const [value] = valuesOf('__proto__: {polluted: 1}');
    expect(Object.keys(value as object)).toEqual(['__proto__']);
    expect('polluted' in {}).toBe(false);
  });

  it('goes on after a document that cannot be read', () => {
    expect(valuesOf('a: 1\na: 2\n---\nb: 2\n---\nc: [1\nd: 2\n')).toEqual([
      'line 2: the key "a" is there twice in one map',
      { b: 2 },
      expect.stringMatching(/^line 7: Flow sequence/),
    ]);
  });

  it.each([
    ['a duplicate key', 'x:\n  a: 1\n  a: 2\n', 3, /"a" is there twice/],
    ['keys that become the same', 'yes: 1\ntrue: 2\n', 2, /"true" is there twice/],
    ['a duplicate key in JSON', '{\n"a": 1,\n"a": 2}', 3, /"a" is there twice/],
    ['a tab as indentation', 'a:\n\tb: 1\n', 2, /Tabs/],
    ['an unterminated quote', 'a: "b\n', 2, /Missing closing/],
    ['infinity', 'a: 1\nb: .inf\n', 2, /JSON cannot hold/],
    ['a null key', '~: 1\n', 1, /a key must be/],
    ['an alias without an anchor', 'a: *b\n', 1, /alias/],
    [
      'an alias bomb',
      `a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n${[1, 2, 3, 4, 5, 6, 7]
        .map(
          (n) =>
            `a${n}: &a${n} [${Array(10)
              .fill(`*a${n - 1}`)
              .join(', ')}]`,
        )
        .join('\n')}\n`,
      undefined,
      /aliases expand/,
    ],
    ['an alias inside its own anchor', 'a: &a\n  b: *a\n', undefined, /nested deeper|alias/],
    ['deep nesting', `a: ${'['.repeat(300)}${']'.repeat(300)}`, 1, /nested deeper/],
    ['very deep nesting', '['.repeat(200_000), 1, /nested deeper/],
    ['a value that is not what its tag says', 'a: !!int x\n', 1, /!!int/],
    ['a huge file', `a: ${'x'.repeat(21 * 1024 * 1024)}`, 1, /more than 20 MB/],
    ['a document of too many lines', `a: 1\n---\nb:\n${'- x\n'.repeat(300_001)}`, 2, /more than 300000 lines and list items/],
    ['a document of too many items', `[${'x,'.repeat(300_001)}]`, 1, /more than 300000 lines and list items/],
  ])('refuses %s, with the line', (_case, text, line, message) => {
    const [document] = parseManifests(text).filter((each) => 'problem' in each);
    expect(document?.problem).toMatch(message);
    if (line !== undefined) expect(document?.line).toBe(line);
  });

  it.each([
    'a: "\\hunter2"',
    'a: |hunter2\n x',
    'a: *hunter2',
    'a: !!int hunter2',
    'a: [b] hunter2',
    '"a" "hunter2"',
    'a: @hunter2',
    'a: {b: c}} hunter2',
  ])('does not repeat the text of %s', (text) => {
    const problems = parseManifests(text).filter((document) => 'problem' in document);
    expect(problems.length).toBeGreaterThan(0);
    expect(JSON.stringify(problems)).not.toContain('hunter2');
  });
});
