import { DescribeRepositoriesCommand, type ECRClient, PutImageTagMutabilityCommand } from '@aws-sdk/client-ecr';
import { PlumblineError } from '../../errors.ts';
import { callSignal } from './calls.ts';
import type { EcrHost } from './host.ts';
import { TAG_MUTABILITIES, type TagSettings } from './mutability.ts';

/** The limit of ECR. */
const MAX_FILTERS = 5;

export class ImmutabilityError extends PlumblineError {}

export interface ImmutabilityChange {
  readonly before: TagSettings;
  readonly after: TagSettings;
  readonly applied: boolean;
}

/**
 * The settings under which no tag can be overwritten but those that `except` matches, and those that the repository leaves out of its
 * immutability already. Throws `ImmutabilityError` when that are more filters than ECR takes.
 */
export function immutableSettings(before: TagSettings, except: readonly string[]): TagSettings {
  // Filters of a mutable repository name the tags that cannot be overwritten: with all of them immutable there is nothing left to name.
  const kept = before.mutability === 'IMMUTABLE_WITH_EXCLUSION' ? before.exclusions : [];
  const exclusions = [...new Set([...kept, ...except])];
  if (exclusions.length > MAX_FILTERS) {
    throw new ImmutabilityError(
      'TooManyFilters',
      `filters ${exclusions.join(', ')}: a repository takes ${MAX_FILTERS} at most. Write fewer, with * for any characters.`,
    );
  }
  return exclusions.length === 0 ? { mutability: 'IMMUTABLE', exclusions: [] } : { mutability: 'IMMUTABLE_WITH_EXCLUSION', exclusions };
}

/** Makes the tags of a repository immutable, or says only what that would change. */
export async function enforceImmutability(
  repository: { readonly host: EcrHost; readonly name: string },
  { except, apply }: { readonly except: readonly string[]; readonly apply: boolean },
  client: ECRClient,
  signal: AbortSignal,
): Promise<ImmutabilityChange> {
  const { host, name } = repository;
  const described = await client.send(new DescribeRepositoriesCommand({ registryId: host.account, repositoryNames: [name] }), {
    abortSignal: callSignal(signal),
  });
  const [found] = described.repositories ?? [];
  const mutability = TAG_MUTABILITIES.find((value) => value === found?.imageTagMutability);
  const filters = found?.imageTagMutabilityExclusionFilters ?? [];
  // Sent back as what we know, a filter of a new kind would leave other tags out.
  const isKnown = filters.every(({ filterType }) => filterType === 'WILDCARD');
  if (mutability === undefined || !isKnown) {
    throw new ImmutabilityError(
      'UnknownSetting',
      `repository ${name}: its ${isKnown ? 'tag mutability' : 'kind of exclusion filter'} is not one that this version knows. Set it in the console.`,
    );
  }
  const before = { mutability, exclusions: filters.flatMap(({ filter }) => filter ?? []) };
  const after = immutableSettings(before, except);
  const differs = before.mutability !== after.mutability || before.exclusions.join() !== after.exclusions.join();
  if (!apply || !differs) return { before, after, applied: false };
  await client.send(
    new PutImageTagMutabilityCommand({
      registryId: host.account,
      repositoryName: name,
      imageTagMutability: after.mutability,
      // The call replaces the filters, so those that are kept are sent too.
      ...(after.exclusions.length === 0
        ? {}
        : { imageTagMutabilityExclusionFilters: after.exclusions.map((filter) => ({ filterType: 'WILDCARD' as const, filter })) }),
    }),
    { abortSignal: callSignal(signal) },
  );
  return { before, after, applied: true };
}
