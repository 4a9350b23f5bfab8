import {
  DescribeRegistryCommand,
  type ECRClient,
  paginateDescribePullThroughCacheRules,
  paginateDescribeRepositoryCreationTemplates,
  type RepositoryCreationTemplate,
} from '@aws-sdk/client-ecr';
import { callSignal } from './calls.ts';
import type { EcrHost } from './host.ts';
import { TAG_MUTABILITIES, type TagSettings } from './mutability.ts';

/** The prefix that stands for every repository that no other prefix is for. */
const ROOT = 'ROOT';
const PAGE = 100;
/** ECR has quotas of fewer; what is beyond is not known. */
const MAX_RULES = 1000;

/** What makes a repository by itself. */
const CREATIONS = ['PULL_THROUGH_CACHE', 'REPLICATION', 'CREATE_ON_PUSH'] as const;
export type Creation = (typeof CREATIONS)[number];

/** ECR's own, for what it makes without a template. */
const MUTABLE: TagSettings = { mutability: 'MUTABLE', exclusions: [] };

export interface CreationTemplate {
  readonly prefix: string;
  readonly settings: TagSettings;
  readonly appliedFor: readonly Creation[];
}

/** One registry that images are copied to. */
export interface ReplicationTarget {
  readonly account: string;
  readonly region: string;
  /** How the names of the repositories begin that are copied; empty for all of them. */
  readonly prefixes: readonly string[];
}

/** What makes repositories of a registry by themselves. */
export interface RegistryRules {
  readonly pullThrough: readonly { readonly prefix: string; readonly upstream: string }[];
  /** Undefined where they are not known. */
  readonly templates: readonly CreationTemplate[] | undefined;
  /** Where this registry copies its repositories to. */
  readonly copiesTo: readonly ReplicationTarget[];
  /** What could not be read; nothing follows from its being empty. */
  readonly unknown?: readonly UnknownOrigin[];
}

type UnknownOrigin = 'upstream' | 'template';

/** What ECR gives a repository when it makes it again. */
export interface Recreation {
  readonly by: Creation;
  readonly settings: TagSettings;
}

/** Where a repository comes from, beside the people who push to it. */
export interface RepositoryOrigin {
  /** The registry that it is a cache of: whoever moves a tag there moves it here. */
  readonly upstream?: string;
  readonly recreated?: readonly Recreation[];
  /** What could not be read, so that its absence says nothing. */
  readonly unknown?: readonly UnknownOrigin[];
}

/** The pull-through rules, creation templates and replication of a registry. Those of another account may be refused: then they are not known. */
export async function readRules(client: ECRClient, { account }: EcrHost, signal: AbortSignal): Promise<RegistryRules> {
  const abort = { abortSignal: callSignal(signal) };
  const [rules, templates, registry] = await Promise.all([
    unlessRefused(async () =>
      all(
        paginateDescribePullThroughCacheRules({ client, pageSize: PAGE }, { registryId: account }, abort),
        ({ pullThroughCacheRules }) => pullThroughCacheRules,
      ),
    ),
    // These two are of our own account, or that of the role: no other can be asked for.
    unlessRefused(async () =>
      all(
        paginateDescribeRepositoryCreationTemplates({ client, pageSize: PAGE }, {}, abort),
        ({ registryId, repositoryCreationTemplates }) =>
          registryId === account ? repositoryCreationTemplates?.map(readTemplate) : [undefined],
      ),
    ),
    unlessRefused(() => client.send(new DescribeRegistryCommand({}), abort)),
  ]);
  signal.throwIfAborted();
  const copies = registry?.registryId === account ? (registry.replicationConfiguration?.rules ?? []) : undefined;
  const known = templates?.flatMap((template) => template ?? []);
  const isTemplateKnown = known !== undefined && known.length === templates?.length;
  const unknown: readonly UnknownOrigin[] = [
    ...(rules === undefined ? (['upstream'] as const) : []),
    ...(!isTemplateKnown || copies === undefined ? (['template'] as const) : []),
  ];
  return {
    ...(unknown.length === 0 ? {} : { unknown }),
    pullThrough: (rules ?? []).flatMap(({ ecrRepositoryPrefix: prefix, upstreamRegistryUrl: upstream }) =>
      prefix === undefined || upstream === undefined ? [] : [{ prefix, upstream }],
    ),
    templates: isTemplateKnown ? known : undefined,
    copiesTo: (copies ?? []).flatMap(({ destinations = [], repositoryFilters = [] }) =>
      destinations.map(({ registryId = '', region = '' }) => ({
        account: registryId,
        region,
        prefixes: repositoryFilters.flatMap(({ filter }) => filter ?? []),
      })),
    ),
  };
}

/** Undefined where this version does not know what it says. */
function readTemplate(template: RepositoryCreationTemplate): CreationTemplate | undefined {
  const mutability = TAG_MUTABILITIES.find((value) => value === (template.imageTagMutability ?? 'MUTABLE'));
  const filters = template.imageTagMutabilityExclusionFilters ?? [];
  if (template.prefix === undefined || mutability === undefined || filters.some(({ filterType }) => filterType !== 'WILDCARD'))
    return undefined;
  const { appliedFor = CREATIONS } = template;
  return {
    prefix: template.prefix,
    settings: { mutability, exclusions: filters.flatMap(({ filter }) => filter ?? []) },
    appliedFor: CREATIONS.filter((one) => appliedFor.includes(one)),
  };
}

/**
 * What the rules of its registry mean for one repository, and those of the registries that copy to it: of each kind the one with the longest
 * prefix. What a pull through or a replication makes without a template is mutable; a push makes nothing without one.
 */
export function originOf(
  { host, name }: { readonly host: EcrHost; readonly name: string },
  { pullThrough, templates, unknown }: RegistryRules,
  copies: readonly ReplicationTarget[],
): RepositoryOrigin {
  const upstream = longestPrefix(name, pullThrough)?.upstream;
  const isReplica = copies.some(
    ({ account, region, prefixes }) =>
      account === host.account && region === host.region && (prefixes.length === 0 || prefixes.some((prefix) => name.startsWith(prefix))),
  );
  const known = templates ?? [];
  const recreated = CREATIONS.flatMap((by): readonly Recreation[] => {
    const template = longestPrefix(
      name,
      known.filter(({ appliedFor }) => appliedFor.includes(by)),
    );
    const isMade = { PULL_THROUGH_CACHE: upstream !== undefined, REPLICATION: isReplica, CREATE_ON_PUSH: template !== undefined }[by];
    return isMade ? [{ by, settings: template?.settings ?? MUTABLE }] : [];
  });
  return {
    ...(upstream === undefined ? {} : { upstream }),
    ...(recreated.length === 0 || templates === undefined ? {} : { recreated }),
    ...(unknown === undefined ? {} : { unknown }),
  };
}

function longestPrefix<T extends { readonly prefix: string }>(repository: string, rules: readonly T[]): T | undefined {
  const matching = rules.filter(
    ({ prefix }) => prefix === ROOT || repository === prefix || repository.startsWith(`${prefix.replace(/\/$/, '')}/`),
  );
  const weight = ({ prefix }: T) => (prefix === ROOT ? 0 : prefix.length);
  return matching.toSorted((a, b) => weight(b) - weight(a))[0];
}

/** Undefined when there are more than are read. */
async function all<Page, Item>(
  pages: AsyncIterable<Page>,
  itemsOf: (page: Page) => readonly Item[] | undefined,
): Promise<readonly Item[] | undefined> {
  const items: Item[] = [];
  for await (const page of pages) {
    items.push(...(itemsOf(page) ?? []));
    if (items.length > MAX_RULES) return undefined;
  }
  return items;
}

async function unlessRefused<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch {
    return undefined;
  }
}
