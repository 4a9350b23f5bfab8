import { describe, expect, it } from 'vitest';
import { enforceImmutability, immutableSettings } from '../../../lib/images/ecr/enforce-immutability.ts';
import type { TagMutability } from '../../../lib/images/ecr/mutability.ts';
import { ecrClientThatAnswers } from '../../helpers/ecr-answers.ts';

const never = new AbortController().signal;
const repository = { host: { account: '123456789012', region: 'eu-west-1' }, name: 'team/web' };

describe('immutableSettings', () => {
  it.each<[TagMutability, readonly string[], readonly string[], TagMutability, readonly string[]]>([
    ['MUTABLE', [], [], 'IMMUTABLE', []],
    ['MUTABLE', [], ['dev-*'], 'IMMUTABLE_WITH_EXCLUSION', ['dev-*']],
    ['IMMUTABLE', [], [], 'IMMUTABLE', []],
    ['IMMUTABLE', [], ['dev-*'], 'IMMUTABLE_WITH_EXCLUSION', ['dev-*']],
    ['IMMUTABLE_WITH_EXCLUSION', ['latest'], [], 'IMMUTABLE_WITH_EXCLUSION', ['latest']],
    ['IMMUTABLE_WITH_EXCLUSION', ['latest'], ['dev-*', 'latest'], 'IMMUTABLE_WITH_EXCLUSION', ['latest', 'dev-*']],
    ['MUTABLE_WITH_EXCLUSION', ['v*'], [], 'IMMUTABLE', []],
    ['MUTABLE_WITH_EXCLUSION', ['v*'], ['dev-*'], 'IMMUTABLE_WITH_EXCLUSION', ['dev-*']],
  ])('%s %j, except %j → %s %j', (mutability, exclusions, except, expected, filters) => {
    expect(immutableSettings({ mutability, exclusions }, except)).toEqual({ mutability: expected, exclusions: filters });
  });

  it('refuses more filters than ECR takes', () => {
    const before = { mutability: 'IMMUTABLE_WITH_EXCLUSION', exclusions: ['a', 'b', 'c', 'd'] } as const;
    expect(() => immutableSettings(before, ['e', 'f'])).toThrow(/a, b, c, d, e, f: a repository takes 5 at most/);
  });
});

describe('enforceImmutability', () => {
  const answering = (imageTagMutability: string, filters: readonly string[] = [], filterType = 'WILDCARD') =>
    ecrClientThatAnswers(({ operation }) => ({
      body:
        operation === 'DescribeRepositories'
          ? {
              repositories: [
                {
                  repositoryName: 'team/web',
                  imageTagMutability,
                  imageTagMutabilityExclusionFilters: filters.map((filter) => ({ filterType, filter })),
                },
              ],
            }
          : {},
    }));

  it('only says what it would change', async () => {
    const { client, calls } = answering('MUTABLE');
    expect(await enforceImmutability(repository, { except: [], apply: false }, client, never)).toMatchObject({ applied: false });
    expect(calls.map(({ operation }) => operation)).toEqual(['DescribeRepositories']);
  });

  it('sends the filters that were there with the new ones, since the call replaces them', async () => {
    const { client, calls } = answering('IMMUTABLE_WITH_EXCLUSION', ['latest']);
    expect(await enforceImmutability(repository, { except: ['dev-*'], apply: true }, client, never)).toMatchObject({ applied: true });
    expect(calls[1]).toEqual({
      operation: 'PutImageTagMutability',
      input: {
        registryId: '123456789012',
        repositoryName: 'team/web',
        imageTagMutability: 'IMMUTABLE_WITH_EXCLUSION',
        imageTagMutabilityExclusionFilters: [
          { filterType: 'WILDCARD', filter: 'latest' },
          { filterType: 'WILDCARD', filter: 'dev-*' },
        ],
      },
    });
  });

  it('writes nothing where nothing would change', async () => {
    const { client, calls } = answering('IMMUTABLE');
    expect(await enforceImmutability(repository, { except: [], apply: true }, client, never)).toMatchObject({ applied: false });
    expect(calls).toHaveLength(1);
  });

  it('leaves a setting alone that it does not know', async () => {
    const { client } = answering('FROZEN');
    await expect(enforceImmutability(repository, { except: [], apply: true }, client, never)).rejects.toMatchObject({
      reason: 'UnknownSetting',
    });
  });

  it('leaves a repository alone that has a kind of filter that it does not know', async () => {
    const { client, calls } = answering('IMMUTABLE_WITH_EXCLUSION', ['^dev'], 'REGEX');
    await expect(enforceImmutability(repository, { except: [], apply: true }, client, never)).rejects.toMatchObject({
      reason: 'UnknownSetting',
    });
    expect(calls.map(({ operation }) => operation)).toEqual(['DescribeRepositories']);
  });
});
