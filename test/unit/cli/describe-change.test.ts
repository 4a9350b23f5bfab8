import { describe, expect, it } from 'vitest';
import { describeChange } from '../../../lib/cli/describe-change.ts';
import type { FieldChange } from '../../../lib/records/record.ts';

const REGISTRY = '111122223333.dkr.ecr.eu-west-1.amazonaws.com';
const DIGEST = `sha256:488a3f1a36dc${'0'.repeat(52)}`;
const IMAGE = 'spec.containers[name=web].image';

const CASES: readonly [behaviour: string, change: FieldChange, lines: readonly string[]][] = [
  ['puts both sides on a line', { path: 'a', live: 'blue', desired: 'green' }, ['a: blue → green']],
  ['says absent for a side that is not there', { path: 'a', live: [9007199254740993n] }, ['a: [9007199254740993] → (absent)']],
  [
    'says only that a value of a Secret changed',
    { path: 'data.password', live: '(redacted)', desired: '(redacted)' },
    ['data.password: changed (redacted)'],
  ],
  ['names a path that has nothing to compare', { path: 'web:1.4' }, ['web:1.4']],
  [
    'leaves out the registry that both images come from, and the tail of digests',
    { path: IMAGE, live: `${REGISTRY}/shop/web:hotfix`, desired: `${REGISTRY}/shop/web:1.0@${DIGEST}` },
    [`${IMAGE}:`, '  shop/web:hotfix → shop/web:1.0@sha256:488a3f1a36dc…'],
  ],
  [
    'keeps the registries where they differ',
    { path: 'image', live: 'evil.example.com/web:1', desired: 'good.example.com/web:1' },
    ['image: evil.example.com/web:1 → good.example.com/web:1'],
  ],
  [
    'keeps the host of what is no image',
    { path: 'url', live: 'https://a.b/c', desired: 'https://a.b/d' },
    ['url: https://a.b/c → https://a.b/d'],
  ],
  [
    'does not show two digests as the same',
    { path: 'd', live: DIGEST, desired: `${DIGEST.slice(0, -1)}1` },
    ['d:', '  …0000000000000 → …0000000000001'],
  ],
  [
    'shows where long values differ',
    {
      path: 'data.config',
      live: `${'x'.repeat(300)} port=80 ${'y'.repeat(300)}`,
      desired: `${'x'.repeat(300)} port=81 ${'y'.repeat(300)}`,
    },
    ['data.config:', '  …xxxxx port=80 y…yyyyyyyyyyyyyyy → …xxxxx port=81 y…yyyyyyyyyyyyyyy'],
  ],
  [
    'gives a long side the room that a short one leaves',
    { path: 'data.config', live: 'z'.repeat(100), desired: 'off' },
    ['data.config:', `  ${'z'.repeat(31)}…${'z'.repeat(30)} → off`],
  ],
  [
    'shortens a path that is wider than the page',
    { path: 'p'.repeat(100), live: 1, desired: 2 },
    [`${'p'.repeat(34)}…${'p'.repeat(34)}:`, '  1 → 2'],
  ],
  [
    'says that the order of a list changed, and no more',
    { path: 'spec.containers', live: ['app', 'proxy'], desired: ['proxy', 'app'] },
    ['spec.containers: order: app, proxy → proxy, app'],
  ],
  [
    'does not say order of a list that has other items',
    { path: 'args', live: ['a', 'a', 'b'], desired: ['a', 'b', 'b'] },
    ['args: ["a","a","b"] → ["a","b","b"]'],
  ],
  [
    'shows a long text by the lines that changed',
    { path: 'data["app.conf"]', live: 'a=1\nb=2\nc=3\nd=4\ne=5\nf=6\n', desired: 'a=1\nb=2\nc=3\nd=4\ne=50\nf=6\n' },
    ['data["app.conf"]: 1 line removed, 1 added', '  … 2 lines unchanged', '   c=3', '   d=4', '  -e=5', '  +e=50', '   f=6'],
  ],
  [
    'shows the lines of a text that is not there yet',
    { path: 'data.new', desired: 'one\ntwo\nthree' },
    ['data.new: 3 lines added', '  +one', '  +two', '  +three'],
  ],
  [
    'cuts long lines so that their difference stays in sight',
    { path: 'data.json', live: `[\n${'x'.repeat(100)}1\n]`, desired: `[\n${'x'.repeat(100)}2\n]` },
    ['data.json: 1 line removed, 1 added', '   [', '  -…xxxxxxxxxxxx1', '  +…xxxxxxxxxxxx2', '   ]'],
  ],
  [
    'shows control characters of a text as escapes',
    { path: 'data.a', live: 'x\n\u001b[2Jx\nx\n', desired: 'x\nx\nx\n' },
    ['data.a: 1 line removed, 1 added', '   x', '  -\\u001b[2Jx', '  +x', '   x'],
  ],
  [
    'shows tabs as room',
    { path: 'data.a', live: '\ta\n\tb\n\tc', desired: '\ta\n\tb\n\td' },
    ['data.a: 1 line removed, 1 added', '       a', '       b', '  -    c', '  +    d'],
  ],
  [
    'shows tabs as such where nothing else differs',
    { path: 'data.a', live: '\ta\nb\nc', desired: '    a\nb\nc' },
    ['data.a: 1 line removed, 1 added', '  -\\u0009a', '  +    a', '   b', '   c'],
  ],
  [
    'counts the lines of texts that are too long to compare',
    { path: 'data.a', live: 'x\n'.repeat(2000), desired: 'y\n'.repeat(3000) },
    ['data.a: 2000 lines removed, 3000 added', '  (too many lines to tell which; --json has all)'],
  ],
];

describe('describeChange, on a page of 70 columns', () => {
  it.each(CASES)('%s', (_, change, lines) => {
    const described = describeChange(change, 70).map((line) => line.map(({ text }) => text).join(''));
    expect(described).toEqual(lines);
    expect(Math.max(...described.map((line) => [...line].length))).toBeLessThanOrEqual(70);
  });

  it('counts the lines that it leaves out of many', () => {
    const described = describeChange({ path: 'data.a', live: 'x\n'.repeat(100), desired: 'y\n'.repeat(100) }, 70);
    expect(described).toHaveLength(62);
    expect(described.at(-1)?.map(({ text }) => text)).toEqual(['  (140 more lines of the diff; --json has all)']);
  });
});
