import { DescribeRepositoriesCommand } from '@aws-sdk/client-ecr';
import type { Clock } from '../../clock.ts';
import { inParallel } from '../../in-parallel.ts';
import { type RepositorySettings, repositoryKey, unanswered } from '../registry/registry.ts';
import type { ImageReference } from '../types.ts';
import {
  BATCH,
  boundedFailure,
  byRepository,
  CALLS_AT_ONCE,
  cacheKey,
  callSignal,
  chunks,
  type EcrClients,
  hostKey,
  isRepositoryNotFound,
  type Repository,
} from './calls.ts';
import { TAG_MUTABILITIES } from './mutability.ts';
import { originOf, type RegistryRules, type ReplicationTarget, readRules } from './origins.ts';

const SETTINGS_SECONDS = 600;
const REFUSALS_OF_ONE_NAME = ['RepositoryNotFoundException', 'AccessDeniedException', 'InvalidParameterException'];

/** Settings that were read, by account, region and repository; kept by the caller, so that it outlives one run. */
export type SettingsCache = Map<
  string,
  {
    readonly of: Pick<ImageReference, 'registry' | 'repository'>;
    readonly settings: RepositorySettings;
    readonly expiresAt: number;
  }
>;

/** Forgets the settings of a repository in which something changed: it may have been made anew. */
export function forgetSettings(
  cache: SettingsCache,
  isChanged: (repository: Pick<ImageReference, 'registry' | 'repository'>) => boolean,
): void {
  for (const [key, { of }] of cache) if (isChanged(of)) cache.delete(key);
}

export interface SettingsDependencies {
  readonly clientFor: EcrClients;
  readonly settingsCache: SettingsCache;
  readonly clock: Clock;
}

/** The settings of these repositories of ECR, by `repositoryKey`: from the cache for ten minutes. */
export async function readSettings(
  references: readonly ImageReference[],
  deps: SettingsDependencies,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, RepositorySettings>> {
  const { repositories } = byRepository(references);
  const settings = new Map<string, RepositorySettings>();
  const now = deps.clock.now().getTime();
  const known = (repository: Repository): RepositorySettings | undefined => {
    const cached = deps.settingsCache.get(cacheKey(repository));
    return cached !== undefined && cached.expiresAt > now ? cached.settings : undefined;
  };
  const unknown = repositories.filter((repository) => known(repository) === undefined);
  const batches = [...Map.groupBy(unknown, hostKey).values()].flatMap((sameHost) => chunks(sameHost, BATCH));
  const described = new Map<Repository, RepositorySettings>();
  await inParallel(batches, CALLS_AT_ONCE, async (batch) => describe(deps.clientFor, batch, described, signal));
  // A registry copies to others, so that with one that is read anew all of them count.
  const isRead = unknown.some((repository) => described.get(repository)?.state === 'found');
  const rules = new Map<string, RegistryRules>();
  await inParallel(isRead ? [...Map.groupBy(repositories, hostKey)] : [], CALLS_AT_ONCE, async ([key, [first]]) => {
    if (first !== undefined) rules.set(key, await readRules(deps.clientFor(first.host), first.host, signal));
  });
  const copies = [...rules.values()].flatMap(({ copiesTo }) => copiesTo);
  for (const repository of repositories) {
    const fresh = withOrigin(described.get(repository), repository, rules.get(hostKey(repository)), copies);
    const [of] = repository.references;
    if (fresh?.state === 'found' && of !== undefined)
      deps.settingsCache.set(cacheKey(repository), { of, settings: fresh, expiresAt: now + SETTINGS_SECONDS * 1000 });
    const result = fresh ?? known(repository) ?? unanswered(repository.name);
    for (const reference of repository.references) settings.set(repositoryKey(reference), result);
  }
  return settings;
}

function withOrigin(
  answer: RepositorySettings | undefined,
  repository: Repository,
  rules: RegistryRules | undefined,
  copies: readonly ReplicationTarget[],
): RepositorySettings | undefined {
  if (answer?.state !== 'found' || rules === undefined) return answer;
  const origin = originOf(repository, rules, copies);
  return Object.keys(origin).length === 0 ? answer : { ...answer, origin };
}

/** DescribeRepositories fails as a whole for one name that it refuses, so the batch is halved until that name stands alone. */
async function describe(
  clientFor: EcrClients,
  batch: readonly Repository[],
  described: Map<Repository, RepositorySettings>,
  signal: AbortSignal,
): Promise<void> {
  const [first] = batch;
  if (first === undefined) return;
  try {
    const output = await clientFor(first.host).send(
      new DescribeRepositoriesCommand({ registryId: first.host.account, repositoryNames: batch.map(({ name }) => name) }),
      { abortSignal: callSignal(signal) },
    );
    const answers = new Map((output.repositories ?? []).map((repository) => [repository.repositoryName, repository]));
    for (const repository of batch) {
      const answer = answers.get(repository.name);
      const mutability = TAG_MUTABILITIES.find((value) => value === answer?.imageTagMutability);
      const filters = answer?.imageTagMutabilityExclusionFilters ?? [];
      if (answer === undefined || mutability === undefined || filters.some(({ filterType }) => filterType !== 'WILDCARD')) {
        described.set(repository, answer === undefined ? unanswered(repository.name) : unknownSettings(repository.name));
      } else {
        const exclusions = filters.flatMap(({ filter }) => filter ?? []);
        described.set(repository, { state: 'found', settings: { mutability, exclusions } });
      }
    }
  } catch (error) {
    signal.throwIfAborted();
    if (batch.length > 1 && error instanceof Error && REFUSALS_OF_ONE_NAME.includes(error.name)) {
      const middle = Math.ceil(batch.length / 2);
      await describe(clientFor, batch.slice(0, middle), described, signal);
      await describe(clientFor, batch.slice(middle), described, signal);
      return;
    }
    const failure = boundedFailure(error);
    for (const repository of batch) described.set(repository, { state: isRepositoryNotFound(error) ? 'missing' : 'unverifiable', failure });
  }
}

function unknownSettings(repository: string): RepositorySettings {
  const message = `repository ${repository}: its tag mutability is a setting that this version does not know`;
  return { state: 'unverifiable', failure: { reason: 'UnknownSetting', message } };
}
