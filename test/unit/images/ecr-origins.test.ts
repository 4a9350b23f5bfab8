import { expect, it } from 'vitest';
import { createEcrRegistry } from '../../../lib/images/ecr/ecr.ts';
import type { TagMutability } from '../../../lib/images/ecr/mutability.ts';
import { originOf, type RegistryRules } from '../../../lib/images/ecr/origins.ts';
import { tagFindings } from '../../../lib/images/findings.ts';
import { imageUsesOf, unpinnedTagOf } from '../../../lib/images/image-uses.ts';
import { createRegistryHttp } from '../../../lib/images/oci/http.ts';
import { ecrClientThatAnswers } from '../../helpers/ecr-answers.ts';
import { deployment } from '../../helpers/workloads.ts';

const never = new AbortController().signal;
const mutable = { mutability: 'MUTABLE', exclusions: [] } as const;
const immutable = { mutability: 'IMMUTABLE', exclusions: [] } as const;
const ACCOUNT = '123456789012';
const host = { account: ACCOUNT, region: 'eu-west-1' } as const;
const rules: RegistryRules = {
  pullThrough: [
    { prefix: 'hub', upstream: 'registry-1.docker.io' },
    { prefix: 'hub/private', upstream: 'harbor.example' },
    { prefix: 'quay', upstream: 'quay.io' },
  ],
  templates: [
    { prefix: 'ROOT', settings: mutable, appliedFor: ['CREATE_ON_PUSH', 'REPLICATION'] },
    { prefix: 'hub', settings: immutable, appliedFor: ['PULL_THROUGH_CACHE'] },
    { prefix: 'copies', settings: immutable, appliedFor: ['REPLICATION', 'CREATE_ON_PUSH'] },
  ],
  copiesTo: [],
};
const copies = [
  { account: ACCOUNT, region: 'eu-west-1', prefixes: ['copies/', 'mirrors/'] },
  { account: ACCOUNT, region: 'us-east-1', prefixes: [] },
];

it.each<[string, string | undefined, readonly (readonly [string, string])[]]>([
  ['team/web', undefined, [['CREATE_ON_PUSH', 'MUTABLE']]],
  [
    'hub/library/nginx',
    'registry-1.docker.io',
    [
      ['PULL_THROUGH_CACHE', 'IMMUTABLE'],
      ['CREATE_ON_PUSH', 'MUTABLE'],
    ],
  ],
  [
    'hub/private/web',
    'harbor.example',
    [
      ['PULL_THROUGH_CACHE', 'IMMUTABLE'],
      ['CREATE_ON_PUSH', 'MUTABLE'],
    ],
  ],
  [
    'quay/web',
    'quay.io',
    [
      ['PULL_THROUGH_CACHE', 'MUTABLE'],
      ['CREATE_ON_PUSH', 'MUTABLE'],
    ],
  ],
  ['hubble/web', undefined, [['CREATE_ON_PUSH', 'MUTABLE']]],
  [
    'copies/web',
    undefined,
    [
      ['REPLICATION', 'IMMUTABLE'],
      ['CREATE_ON_PUSH', 'IMMUTABLE'],
    ],
  ],
  [
    'mirrors/web',
    undefined,
    [
      ['REPLICATION', 'MUTABLE'],
      ['CREATE_ON_PUSH', 'MUTABLE'],
    ],
  ],
])('%s comes from the rule with the longest prefix that is for what makes it', (name, upstream, recreated) => {
  const origin = originOf({ host, name }, rules, copies);
  expect([origin.upstream, origin.recreated?.map(({ by, settings }) => [by, settings.mutability])]).toEqual([upstream, recreated]);
});

const found = { state: 'found', digest: `sha256:${'a'.repeat(64)}`, mediaType: 'x', platforms: [] } as const;

interface Registry {
  readonly setting: TagMutability;
  readonly cached?: boolean;
  readonly templates?: readonly (readonly [prefix: string, setting: string | undefined, ...appliedFor: readonly string[]])[];
  readonly replicated?: boolean;
  readonly refused?: readonly string[];
}

/** The findings of `hub/web:1` where its registry is like this, and what it is said to come from. */
async function audited({ setting, cached = false, templates = [], replicated = false, refused = [] }: Registry) {
  const { client } = ecrClientThatAnswers(({ operation, input }) => {
    if (refused.includes(operation)) return { error: 'AccessDeniedException', status: 400 };
    switch (operation) {
      case 'DescribeRepositories':
        return { body: { repositories: [{ repositoryName: 'hub/web', imageTagMutability: setting }] } };
      case 'DescribePullThroughCacheRules': {
        // On the second page, as of a registry with many.
        if (input.nextToken === undefined) return { body: { pullThroughCacheRules: [], nextToken: 'more' } };
        return { body: { pullThroughCacheRules: cached ? [{ ecrRepositoryPrefix: 'hub', upstreamRegistryUrl: 'quay.io' }] : [] } };
      }
      case 'DescribeRegistry': {
        const destinations = [{ region: 'eu-west-1', registryId: ACCOUNT }];
        return { body: { registryId: ACCOUNT, replicationConfiguration: { rules: replicated ? [{ destinations }] : [] } } };
      }
      default: {
        const all = templates.map(([prefix, imageTagMutability, ...appliedFor]) => ({ prefix, imageTagMutability, appliedFor }));
        if (input.nextToken === undefined) return { body: { registryId: ACCOUNT, repositoryCreationTemplates: [], nextToken: 'more' } };
        return { body: { registryId: ACCOUNT, repositoryCreationTemplates: all } };
      }
    }
  });
  const clock = { now: () => new Date(0) };
  const registry = createEcrRegistry({ clientFor: () => client, settingsCache: new Map(), http: createRegistryHttp(), clock });
  const [use] = imageUsesOf([deployment('web', `${ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/hub/web:1`)], []);
  const tag = use === undefined ? undefined : unpinnedTagOf(use);
  if (use === undefined || tag === undefined) throw new Error('there is one');
  const [settings] = [...(await registry.settings([tag], never)).values()];
  if (settings === undefined) throw new Error('there are settings');
  return { ids: tagFindings(use, tag, { resolution: found, settings }).map(({ id }) => id), settings };
}

it.each<[string, Registry, readonly string[]]>([
  ['a mutable repository', { setting: 'MUTABLE' }, ['repo.mutable']],
  ['an immutable one', { setting: 'IMMUTABLE' }, []],
  ['a mutable cache', { setting: 'MUTABLE', cached: true }, ['repo.mutable', 'repo.pullthrough', 'repo.template-mutable']],
  ['an immutable cache that is made again without a template', { setting: 'IMMUTABLE', cached: true }, ['repo.template-mutable']],
  ['one whose template is immutable', { setting: 'IMMUTABLE', cached: true, templates: [['hub', 'IMMUTABLE', 'PULL_THROUGH_CACHE']] }, []],
  [
    'one whose template is not',
    { setting: 'IMMUTABLE', cached: true, templates: [['hub', 'MUTABLE', 'PULL_THROUGH_CACHE']] },
    ['repo.template-mutable'],
  ],
  [
    'one whose template does not say',
    { setting: 'IMMUTABLE', cached: true, templates: [['hub', undefined, 'PULL_THROUGH_CACHE']] },
    ['repo.template-mutable'],
  ],
  [
    'one whose template is for replicas',
    { setting: 'IMMUTABLE', cached: true, templates: [['hub', 'IMMUTABLE', 'REPLICATION']] },
    ['repo.template-mutable'],
  ],
  [
    'a repository made by hand, beside a template for caches of all names',
    { setting: 'IMMUTABLE', templates: [['ROOT', 'MUTABLE', 'PULL_THROUGH_CACHE']] },
    [],
  ],
  ['one that a push makes again', { setting: 'IMMUTABLE', templates: [['ROOT', 'MUTABLE', 'CREATE_ON_PUSH']] }, ['repo.template-mutable']],
  ['a replica without a template', { setting: 'IMMUTABLE', replicated: true }, ['repo.template-mutable']],
  ['a replica with one', { setting: 'IMMUTABLE', replicated: true, templates: [['ROOT', 'IMMUTABLE', 'REPLICATION']] }, []],
])('%s', async (_what, given, ids) => {
  expect((await audited(given)).ids).toEqual(ids);
});

it.each<[string, readonly string[], readonly string[]]>([
  ['all', ['DescribePullThroughCacheRules', 'DescribeRepositoryCreationTemplates', 'DescribeRegistry'], ['upstream', 'template']],
  ['creation templates', ['DescribeRepositoryCreationTemplates'], ['template']],
  ['replication', ['DescribeRegistry'], ['template']],
])('says of rules that may not be read that they are not known: %s', async (_what, refused, unknown) => {
  const { settings, ids } = await audited({ setting: 'IMMUTABLE', refused });
  expect(settings).toEqual({ state: 'found', settings: immutable, origin: { unknown } });
  expect(ids).toEqual([]);
});
