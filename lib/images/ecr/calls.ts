import type { ECRClient, ImageFailure } from '@aws-sdk/client-ecr';
import { type Failure, failureOf } from '../../errors.ts';
import type { NoAnswer } from '../registry/registry.ts';
import type { ImageReference } from '../types.ts';
import { type EcrHost, ecrHostOf } from './host.ts';

/** The limit of the calls that take several images or repositories. */
export const BATCH = 100;
/** The quota of these calls is shared with the nodes that pull images. */
export const CALLS_AT_ONCE = 4;
const CALL_TIMEOUT_MS = 15_000;
const MAX_MESSAGE_LENGTH = 300;

/** Makes the client of one account and region; called again for each use, so it is the maker's to keep them. */
export type EcrClients = (host: EcrHost) => ECRClient;

/** One repository of ECR, with what is asked of it. */
export interface Repository<T = ImageReference> {
  readonly host: EcrHost;
  readonly name: string;
  readonly references: readonly T[];
}

/** Ends with the signal, and after a quarter of a minute. */
export function callSignal(signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(CALL_TIMEOUT_MS)]);
}

/** Groups by account, region and repository; `foreign` is what is not in private ECR. */
export function byRepository<T extends Pick<ImageReference, 'registry' | 'repository'>>(
  references: readonly T[],
): { readonly repositories: readonly Repository<T>[]; readonly foreign: readonly T[] } {
  const hosts = new Map(references.map(({ registry }) => [registry, ecrHostOf(registry)]));
  const groups = new Map<string, { readonly host: EcrHost; readonly name: string; readonly references: T[] }>();
  const foreign: T[] = [];
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

export function hostKey({ host }: Pick<Repository, 'host'>): string {
  return `${host.account}/${host.region}`;
}

export function cacheKey(repository: Pick<Repository, 'host' | 'name'>): string {
  return `${hostKey(repository)}/${repository.name}`;
}

export function chunks<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size));
}

export function isRepositoryNotFound(error: unknown): boolean {
  return error instanceof Error && error.name === 'RepositoryNotFoundException';
}

export function boundedFailure(error: unknown): Failure {
  const { reason, message } = failureOf(error);
  return { reason, message: message.slice(0, MAX_MESSAGE_LENGTH) };
}

/** One item that BatchGetImage could not give. */
export function readFailure(failure: ImageFailure): NoAnswer {
  const reason = failure.failureCode ?? 'UnknownFailure';
  const message = (failure.failureReason ?? 'the registry gave no reason').slice(0, MAX_MESSAGE_LENGTH);
  return { state: reason === 'ImageNotFound' ? 'missing' : 'unverifiable', failure: { reason, message } };
}

/** A whole call that failed. */
export function failedCall(error: unknown): NoAnswer {
  return { state: isRepositoryNotFound(error) ? 'missing' : 'unverifiable', failure: boundedFailure(error) };
}
