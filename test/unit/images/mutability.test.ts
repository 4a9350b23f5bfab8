import { describe, expect, it } from 'vitest';
import { describeTagSettings, isTagMutable, type TagMutability } from '../../../lib/images/ecr/mutability.ts';

const cases: readonly (readonly [filters: readonly string[], tag: string, matches: boolean])[] = [
  [[], '1.4', false],
  [[], 'latest', false],
  [['latest'], 'latest', true],
  [['latest'], 'latest-1', false],
  [['latest'], 'Latest', false],
  [['dev-*'], 'dev-1', true],
  [['dev-*'], 'dev-', true],
  [['dev-*'], 'dev', false],
  [['dev-*'], 'my-dev-1', false],
  [['*-rc'], '1.4-rc', true],
  [['*-rc'], '1.4-rc2', false],
  [['*'], 'anything', true],
  [['*test*'], 'test', true],
  [['*test*'], 'a-test-b', true],
  [['*test*'], 'tes', false],
  [['v*-dev'], 'v-dev', true],
  [['v*-dev'], 'v1.4-dev', true],
  [['v*dev'], 'vde', false],
  [['aa*aa'], 'aaa', false],
  [['a*b*c'], 'a-b-c', true],
  [['a*b*c'], 'a-c-b', false],
  [['1.4'], '1x4', false],
  [['dev-*', 'latest'], 'latest', true],
  [['dev-*', 'latest'], '1.4', false],
];

const verdicts: readonly (readonly [TagMutability, whenExcluded: boolean, otherwise: boolean])[] = [
  ['MUTABLE', true, true],
  ['IMMUTABLE', false, false],
  ['IMMUTABLE_WITH_EXCLUSION', true, false],
  ['MUTABLE_WITH_EXCLUSION', false, true],
];

const table = verdicts.flatMap(([mutability, whenExcluded, otherwise]) =>
  cases.map(([exclusions, tag, matches]) => ({ mutability, exclusions, tag, mutable: matches ? whenExcluded : otherwise })),
);

describe('isTagMutable', () => {
  it.each(table)('$mutability $exclusions: $tag → $mutable', ({ mutability, exclusions, tag, mutable }) => {
    expect(isTagMutable({ mutability, exclusions }, tag)).toBe(mutable);
  });

  it('answers for a filter that is made to confuse it', () => {
    expect(isTagMutable({ mutability: 'IMMUTABLE_WITH_EXCLUSION', exclusions: ['*a'.repeat(60)] }, `${'a'.repeat(127)}b`)).toBe(false);
  });
});

describe('describeTagSettings', () => {
  it('names the filters where there are any', () => {
    expect(describeTagSettings({ mutability: 'MUTABLE', exclusions: [] })).toBe('MUTABLE');
    expect(describeTagSettings({ mutability: 'IMMUTABLE_WITH_EXCLUSION', exclusions: ['dev-*', 'latest'] })).toBe(
      'IMMUTABLE_WITH_EXCLUSION (dev-*, latest)',
    );
  });
});
