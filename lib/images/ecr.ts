import {
  BatchGetImageCommand,
  type BatchGetImageCommandOutput,
  DescribeRepositoriesCommand,
  type ECRClient,
  type ImageFailure,
} from '@aws-sdk/client-ecr';
import type { Clock } from '../clock.ts';
import { type Failure, failureOf } from '../errors.ts';
import { type EcrHost, ecrHostOf } from './ecr-host.ts';
import { inParallel } from './in-parallel.ts';
import { MANIFEST_MEDIA_TYPES, readManifest } from './manifest.ts';
import { TAG_MUTABILITIES } from './mutability.ts';
import { tagOf } from './reference.ts';
import { type ImageRegistry, type RepositorySettings, type Resolution, repositoryKey } from './registry.ts';
import type { ImageReference } from './types.ts';

/** The limit of both calls. */
const BATCH = 100;
/** The quota of these calls is shared with the nodes that pull images. */
const CALLS_AT_ONCE = 4;
const CALL_TIMEOUT_MS = 15_000;
const SETTINGS_SECONDS = 600;
const MAX_MESSAGE_LENGTH = 300;
const REFUSALS_OF_ONE_NAME = ['RepositoryNotFoundException', 'AccessDeniedException', 'InvalidParameterException'];

/** Settings that were read, by account, region and repository; kept by the caller, so that it outlives one run. */
export type SettingsCache = Map<string, { readonly settings: RepositorySettings; readonly expiresAt: number }>;

export interface EcrDependencies {
  /** One client for each account and region; called again for each use, so it is the caller's to keep them. */
  readonly clientFor: (host: EcrHost) => ECRClient;
  readonly settingsCache: SettingsCache;
  readonly clock: Clock;
}

interface Repository {
  readonly host: EcrHost;
  readonly name: string;
  readonly references: readonly ImageReference[];
}

/** Private ECR registries, through BatchGetImage and DescribeRepositories: as few calls as their batches allow. */
export function createEcrRegistry(deps: EcrDependencies): ImageRegistry {
  return {
    async resolve(references, signal) {
      const { repositories, foreign } = byRepository(references);
      const resolutions = new Map<string, Resolution>(foreign.map((reference) => [reference.text, notEcr(reference)]));
      const batches = repositories.flatMap((repository) =>
        chunks([...new Set(repository.references.map(tagOf))], BATCH).map((tags) => ({ repository, tags })),
      );
      await inParallel(batches, CALLS_AT_ONCE, async ({ repository, tags }) => {
        const resolved = await resolveTags(deps.clientFor(repository.host), repository, tags, signal);
        for (const reference of repository.references) {
          const resolution = resolved.get(tagOf(reference));
          if (resolution !== undefined) resolutions.set(reference.text, resolution);
        }
      });
      return resolutions;
    },

    async settings(references, signal) {
      const { repositories, foreign } = byRepository(references);
      const settings = new Map<string, RepositorySettings>(foreign.map((reference) => [repositoryKey(reference), notEcr(reference)]));
      const now = deps.clock.now().getTime();
      const known = (repository: Repository): RepositorySettings | undefined => {
        const cached = deps.settingsCache.get(cacheKey(repository));
        return cached !== undefined && cached.expiresAt > now ? cached.settings : undefined;
      };
      const unknown = repositories.filter((repository) => known(repository) === undefined);
      const batches = [...Map.groupBy(unknown, hostKey).values()].flatMap((sameHost) => chunks(sameHost, BATCH));
      const described = new Map<Repository, RepositorySettings>();
      await inParallel(batches, CALLS_AT_ONCE, async (batch) => describe(deps.clientFor, batch, described, signal));
      for (const repository of repositories) {
        const fresh = described.get(repository);
        if (fresh?.state === 'found')
          deps.settingsCache.set(cacheKey(repository), { settings: fresh, expiresAt: now + SETTINGS_SECONDS * 1000 });
        const result = fresh ?? known(repository) ?? unanswered(repository.name);
        for (const reference of repository.references) settings.set(repositoryKey(reference), result);
      }
      return settings;
    },
  };
}

/** What BatchGetImage says of up to 100 tags of one repository, for each of them. */
async function resolveTags(
  client: ECRClient,
  repository: Repository,
  tags: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Resolution>> {
  let output: BatchGetImageCommandOutput;
  try {
    output = await client.send(
      new BatchGetImageCommand({
        registryId: repository.host.account,
        repositoryName: repository.name,
        imageIds: tags.map((imageTag) => ({ imageTag })),
        acceptedMediaTypes: [...MANIFEST_MEDIA_TYPES],
      }),
      { abortSignal: AbortSignal.any([signal, AbortSignal.timeout(CALL_TIMEOUT_MS)]) },
    );
  } catch (error) {
    signal.throwIfAborted();
    return new Map(tags.map((tag) => [tag, failedResolution(error)]));
  }
  const answers = [
    ...(output.images ?? []).map((image) => ({ tag: image.imageId?.imageTag, resolution: readImage(image) })),
    ...(output.failures ?? []).map((failure) => ({ tag: failure.imageId?.imageTag, resolution: readFailure(failure) })),
  ];
  const [only] = tags;
  if (tags.length === 1 && only !== undefined) {
    const [answer] = answers;
    return new Map([[only, answers.length === 1 && answer !== undefined ? answer.resolution : unanswered(`tag ${only}`)]]);
  }
  const byTag = new Map(answers.map(({ tag, resolution }) => [tag, resolution]));
  const resolved = new Map<string, Resolution>();
  for (const tag of tags) {
    const resolution = byTag.get(tag);
    if (resolution !== undefined) resolved.set(tag, resolution);
  }
  if (resolved.size === tags.length && answers.length === tags.length) return resolved;
  // An answer that is not one to one with what was asked cannot be matched by its tags: each is asked for alone.
  const alone = new Map<string, Resolution>();
  for (const tag of tags) {
    for (const [key, resolution] of await resolveTags(client, repository, [tag], signal)) alone.set(key, resolution);
  }
  return alone;
}

function readImage(image: NonNullable<BatchGetImageCommandOutput['images']>[number]): Resolution {
  const read = readManifest({
    manifest: image.imageManifest,
    digest: image.imageId?.imageDigest,
    mediaType: image.imageManifestMediaType,
  });
  return 'failure' in read ? { state: 'unverifiable', failure: read.failure } : { state: 'found', ...read };
}

function readFailure(failure: ImageFailure): Resolution {
  const reason = failure.failureCode ?? 'UnknownFailure';
  const message = (failure.failureReason ?? 'the registry gave no reason').slice(0, MAX_MESSAGE_LENGTH);
  return { state: reason === 'ImageNotFound' ? 'missing' : 'unverifiable', failure: { reason, message } };
}

function failedResolution(error: unknown): Resolution {
  return { state: isRepositoryNotFound(error) ? 'missing' : 'unverifiable', failure: boundedFailure(error) };
}

/** DescribeRepositories fails as a whole for one name that it refuses, so the batch is halved until that name stands alone. */
async function describe(
  clientFor: EcrDependencies['clientFor'],
  batch: readonly Repository[],
  described: Map<Repository, RepositorySettings>,
  signal: AbortSignal,
): Promise<void> {
  const [first] = batch;
  if (first === undefined) return;
  try {
    const output = await clientFor(first.host).send(
      new DescribeRepositoriesCommand({ registryId: first.host.account, repositoryNames: batch.map(({ name }) => name) }),
      { abortSignal: AbortSignal.any([signal, AbortSignal.timeout(CALL_TIMEOUT_MS)]) },
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

function byRepository(references: readonly ImageReference[]): {
  readonly repositories: readonly Repository[];
  readonly foreign: readonly ImageReference[];
} {
  const hosts = new Map(references.map(({ registry }) => [registry, ecrHostOf(registry)]));
  const groups = new Map<string, { readonly host: EcrHost; readonly name: string; readonly references: ImageReference[] }>();
  const foreign: ImageReference[] = [];
  for (const reference of references) {
    const host = hosts.get(reference.registry);
    if (host === undefined) {
      foreign.push(reference);
      continue;
    }
    const repository = { host, name: reference.repository, references: [reference] };
    const group = groups.get(cacheKey(repository));
    if (group === undefined) groups.set(cacheKey(repository), repository);
    else group.references.push(reference);
  }
  return { repositories: [...groups.values()], foreign };
}

function hostKey({ host }: Repository): string {
  return `${host.account}/${host.region}`;
}

function cacheKey(repository: Repository): string {
  return `${hostKey(repository)}/${repository.name}`;
}

function chunks<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size));
}

function isRepositoryNotFound(error: unknown): boolean {
  return error instanceof Error && error.name === 'RepositoryNotFoundException';
}

function boundedFailure(error: unknown): Failure {
  const { reason, message } = failureOf(error);
  return { reason, message: message.slice(0, MAX_MESSAGE_LENGTH) };
}

function unanswered(subject: string): { readonly state: 'unverifiable'; readonly failure: Failure } {
  return {
    state: 'unverifiable',
    failure: { reason: 'MalformedAnswer', message: `${subject}: the registry's answer does not mention it` },
  };
}

function unknownSettings(repository: string): RepositorySettings {
  const message = `repository ${repository}: its tag mutability is a setting that this version does not know`;
  return { state: 'unverifiable', failure: { reason: 'UnknownSetting', message } };
}

function notEcr(reference: ImageReference): { readonly state: 'unverifiable'; readonly failure: Failure } {
  return { state: 'unverifiable', failure: { reason: 'NotEcr', message: `registry ${reference.registry} is not a private ECR registry` } };
}
