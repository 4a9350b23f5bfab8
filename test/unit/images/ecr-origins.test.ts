import { expect, it } from 'vitest';
import { createEcrRegistry } from '../../../lib/images/ecr.ts';
import { originOf, type RegistryRules } from '../../../lib/images/ecr-origins.ts';
import { tagFindings } from '../../../lib/images/findings.ts';
import { imageUsesOf, unpinnedTagOf } from '../../../lib/images/image-uses.ts';
import type { TagMutability } from '../../../lib/images/mutability.ts';
import { createRegistryHttp } from '../../../lib/images/registry-http.ts';
import { ecrClientThatAnswers } from '../../helpers/ecr-answers.ts';
import { deployment } from '../../helpers/workloads.ts';

const mutable = { mutability: 'MUTABLE', exclusions: [] } as const;
const immutable = { mutability: 'IMMUTABLE', exclusions: [] } as const;
const rules: RegistryRules = {
  pullThrough: [
    { prefix: 'hub', upstream: 'registry-1.docker.io' },
    { prefix: 'hub/private', upstream: 'harbor.example' },
  ],
  templates: [
    { prefix: 'ROOT', settings: mutable },
    { prefix: 'hub', settings: immutable },
  ],
};

it.each([
  ['team/web', { template: mutable }],
  ['hub/library/nginx', { upstream: 'registry-1.docker.io', template: immutable }],
  ['hub/private/web', { upstream: 'harbor.example', template: immutable }],
  ['hubble/web', { template: mutable }],
])('%s comes from the rule with the longest prefix', (repository, origin) => {
  expect(originOf(repository, rules)).toEqual(origin);
});

const found = { state: 'found', digest: `sha256:${'a'.repeat(64)}`, mediaType: 'x', platforms: [] } as const;

it.each<[string, TagMutability, boolean, TagMutability | undefined, readonly string[]]>([
  ['a mutable repository', 'MUTABLE', false, undefined, ['repo.mutable']],
  ['an immutable one', 'IMMUTABLE', false, undefined, []],
  ['a mutable cache', 'MUTABLE', true, undefined, ['repo.mutable', 'repo.pullthrough']],
  ['an immutable cache', 'IMMUTABLE', true, undefined, []],
  ['an immutable cache whose template is not', 'IMMUTABLE', true, 'MUTABLE', ['repo.template-mutable']],
  ['a mutable cache with an immutable template', 'MUTABLE', true, 'IMMUTABLE', ['repo.mutable', 'repo.pullthrough']],
  ['a replica whose template is mutable', 'IMMUTABLE', false, 'MUTABLE', ['repo.template-mutable']],
  ['a replica that is mutable as its template is', 'MUTABLE', false, 'MUTABLE', ['repo.mutable', 'repo.template-mutable']],
])('%s', async (_what, imageTagMutability, cached, template, ids) => {
  const { client } = ecrClientThatAnswers(({ operation }) => {
    switch (operation) {
      case 'DescribeRepositories':
        return { body: { repositories: [{ repositoryName: 'hub/web', imageTagMutability }] } };
      case 'DescribePullThroughCacheRules':
        return { body: { pullThroughCacheRules: cached ? [{ ecrRepositoryPrefix: 'hub', upstreamRegistryUrl: 'quay.io' }] : [] } };
      default:
        return {
          body: {
            registryId: '123456789012',
            repositoryCreationTemplates: template === undefined ? [] : [{ prefix: 'hub', imageTagMutability: template }],
          },
        };
    }
  });
  const clock = { now: () => new Date(0) };
  const registry = createEcrRegistry({ clientFor: () => client, settingsCache: new Map(), http: createRegistryHttp(), clock });
  const [use] = imageUsesOf([deployment('web', '123456789012.dkr.ecr.eu-west-1.amazonaws.com/hub/web:1')], []);
  const tag = use === undefined ? undefined : unpinnedTagOf(use);
  if (use === undefined || tag === undefined) throw new Error('there is one');
  const [settings] = [...(await registry.settings([tag], new AbortController().signal)).values()];
  if (settings === undefined) throw new Error('there are settings');
  expect(tagFindings(use, tag, { resolution: found, settings }).map(({ id }) => id)).toEqual(ids);
});

it('says of rules that may not be read that they are not known', async () => {
  const { client } = ecrClientThatAnswers(({ operation }) =>
    operation === 'DescribeRepositories'
      ? { body: { repositories: [{ repositoryName: 'web', imageTagMutability: 'IMMUTABLE' }] } }
      : { error: 'AccessDeniedException', status: 400 },
  );
  const registry = createEcrRegistry({
    clientFor: () => client,
    settingsCache: new Map(),
    http: createRegistryHttp(),
    clock: { now: () => new Date(0) },
  });
  const [use] = imageUsesOf([deployment('web', '123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1')], []);
  const tag = use === undefined ? undefined : unpinnedTagOf(use);
  if (tag === undefined) throw new Error('there is one');
  expect([...(await registry.settings([tag], new AbortController().signal)).values()]).toEqual([
    { state: 'found', settings: immutable, origin: { unknown: ['upstream', 'template'] } },
  ]);
});
