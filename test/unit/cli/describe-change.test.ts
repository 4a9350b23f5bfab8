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
];

describe('describeChange, on a page of 70 columns', () => {
  it.each(CASES)('%s', (_, change, lines) => {
    const described = describeChange(change, 70).map((line) => line.map(({ text }) => text).join(''));
    expect(described).toEqual(lines);
    expect(Math.max(...described.map((line) => [...line].length))).toBeLessThanOrEqual(70);
  });
});
