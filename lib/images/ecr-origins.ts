import { DescribePullThroughCacheRulesCommand, DescribeRepositoryCreationTemplatesCommand, type ECRClient } from '@aws-sdk/client-ecr';
import { callSignal } from './ecr-calls.ts';
import type { EcrHost } from './ecr-host.ts';
import { TAG_MUTABILITIES, type TagSettings } from './mutability.ts';

/** The prefix that stands for every repository that no other prefix is for. */
const ROOT = 'ROOT';
const MAX_RULES = 100;

/** What makes repositories of a registry by themselves. */
export interface RegistryRules {
  readonly pullThrough: readonly { readonly prefix: string; readonly upstream: string }[];
  readonly templates: readonly { readonly prefix: string; readonly settings: TagSettings }[];
  /** What could not be read; nothing follows from its being empty. */
  readonly unknown?: readonly UnknownOrigin[];
}

type UnknownOrigin = 'upstream' | 'template';

/** Where a repository comes from, beside the people who push to it. */
export interface RepositoryOrigin {
  /** The registry that it is a cache of: whoever moves a tag there moves it here. */
  readonly upstream?: string;
  /** What ECR gives the repository when it makes it again, for a pull through, a replication or a push. */
  readonly template?: TagSettings;
  /** What could not be read, so that its absence says nothing. */
  readonly unknown?: readonly UnknownOrigin[];
}

/**
 * The pull-through rules and creation templates of a registry. They are known of our own account alone and may be refused: then they say
 * nothing, since the settings of the repository itself decide.
 */
export async function readRules(client: ECRClient, { account }: EcrHost, signal: AbortSignal): Promise<RegistryRules> {
  const [rules, templates] = await Promise.all([
    readOrNothing(() =>
      client.send(new DescribePullThroughCacheRulesCommand({ registryId: account, maxResults: MAX_RULES }), {
        abortSignal: callSignal(signal),
      }),
    ),
    readOrNothing(() =>
      client.send(new DescribeRepositoryCreationTemplatesCommand({ maxResults: MAX_RULES }), { abortSignal: callSignal(signal) }),
    ),
  ]);
  signal.throwIfAborted();
  const unknown: readonly UnknownOrigin[] = [
    ...(rules === undefined ? (['upstream'] as const) : []),
    ...(templates === undefined ? (['template'] as const) : []),
  ];
  return {
    ...(unknown.length === 0 ? {} : { unknown }),
    pullThrough: (rules?.pullThroughCacheRules ?? []).flatMap(({ ecrRepositoryPrefix: prefix, upstreamRegistryUrl: upstream }) =>
      prefix === undefined || upstream === undefined ? [] : [{ prefix, upstream }],
    ),
    // Another account's templates cannot be asked for.
    templates: (templates?.registryId === account ? (templates.repositoryCreationTemplates ?? []) : []).flatMap((template) => {
      const mutability = TAG_MUTABILITIES.find((value) => value === template.imageTagMutability);
      if (template.prefix === undefined || mutability === undefined) return [];
      const exclusions = (template.imageTagMutabilityExclusionFilters ?? []).flatMap(({ filter }) => filter ?? []);
      return [{ prefix: template.prefix, settings: { mutability, exclusions } }];
    }),
  };
}

/** What the rules mean for one repository: of each kind the one with the longest prefix. */
export function originOf(repository: string, { pullThrough, templates, unknown }: RegistryRules): RepositoryOrigin {
  const upstream = longestPrefix(repository, pullThrough)?.upstream;
  const template = longestPrefix(repository, templates)?.settings;
  return {
    ...(upstream === undefined ? {} : { upstream }),
    ...(template === undefined ? {} : { template }),
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

async function readOrNothing<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch {
    return undefined;
  }
}
