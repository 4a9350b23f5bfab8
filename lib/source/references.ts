import type { GitCredentials } from './credentials.ts';
import { type GitHost, runGit } from './git-command.ts';
import { checkRepositoryUrl } from './repository-url.ts';
import { SourceError } from './source-error.ts';

/** A repository, and what it is read with. */
export interface Repository {
  readonly url: string;
  readonly credentials: GitCredentials | undefined;
}

/** A full commit id, SHA-1 or SHA-256: it names one commit for ever, so that no poll is needed. */
export function isCommitId(reference: string): boolean {
  return /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(reference);
}

const POLL_TIMEOUT_SECONDS = 30;
/** Git's own rules for names, so that none is read as an option or a pattern. */
const REFERENCE = /^(?![-/.])(?!.*(\.\.|\/\/|@\{|\/\.|\.lock(\/|$)))[^\p{Cc}\s~^:?*[\\]{1,250}(?<![/.])$/u;

/**
 * Asks the repository once which commits these branches and tags name: branch first, then tag (an annotated one by the commit that it
 * points to). A reference that does not exist is not in the result; a commit id is its own revision and is not asked for.
 * `directory` is any existing folder. Throws `SourceError`.
 */
export async function listTips(
  host: GitHost,
  repository: Repository,
  references: readonly string[],
  directory: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const url = checkRepositoryUrl(repository.url, host);
  const tips = new Map(references.filter(isCommitId).map((id) => [id, id]));
  const asked = [...new Set(references)].filter((reference) => !isCommitId(reference) && REFERENCE.test(reference));
  if (asked.length === 0) return tips;
  const command = { repository: url, credentials: repository.credentials, directory, timeoutSeconds: POLL_TIMEOUT_SECONDS };
  const names = asked.flatMap(candidates);
  const output = await runGit(host, command, ['ls-remote', '--', url, ...names], signal);
  const found = new Map(
    output.split('\n').flatMap((line) => {
      const [id, name] = line.split('\t');
      return id !== undefined && name !== undefined && isCommitId(id) ? [[name, id] as const] : [];
    }),
  );
  for (const reference of asked) {
    const name = candidates(reference).find((candidate) => found.has(candidate));
    const tip = name === undefined ? undefined : found.get(name);
    if (tip !== undefined) tips.set(reference, tip);
  }
  return tips;
}

/** In the order in which they are preferred; `^{}` is what an annotated tag points to. */
function candidates(reference: string): readonly string[] {
  if (reference.startsWith('refs/')) return [`${reference}^{}`, reference];
  return [`refs/heads/${reference}`, `refs/tags/${reference}^{}`, `refs/tags/${reference}`];
}

export function referenceNotFound(url: string, reference: string): SourceError {
  return new SourceError(
    'ReferenceNotFound',
    `repository ${url}: it has no branch or tag "${reference}". Set branch to a branch, a tag or a full commit id that it has.`,
  );
}
