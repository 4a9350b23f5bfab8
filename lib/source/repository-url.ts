import { SourceError } from './source-error.ts';

/** Plain HTTP and file:// are for the local environment only. */
export interface RepositoryRules {
  readonly allowInsecure: boolean;
}

/**
 * Returns the URL that Git is given: HTTPS, without user, password, query or fragment.
 * Throws `SourceError` (`InvalidRepository`) that never repeats what may be a secret.
 */
export function checkRepositoryUrl(repository: string, { allowInsecure }: RepositoryRules): string {
  if (/^codecommit(::|:\/\/)/i.test(repository)) {
    throw invalid(
      'a CodeCommit address of git-remote-codecommit is not supported: use the HTTPS URL of the repository with Git credentials for it',
    );
  }
  if (/^(ssh|git\+ssh):\/\//i.test(repository) || /^[^/:\s]+@[^/:\s]+:/.test(repository)) {
    throw invalid(
      'SSH is not supported: use the HTTPS URL of the repository, and put a token into the secret that credentialsSecret names',
    );
  }
  const url = URL.canParse(repository) ? new URL(repository) : undefined;
  if (url === undefined || /[\s\p{Cc}]/u.test(repository)) throw invalid('it is no URL: use https://HOST/PATH');
  if (url.username !== '' || url.password !== '') {
    throw invalid('it has a user or password in it: take them out, and put the token into the secret that credentialsSecret names');
  }
  if (url.search !== '' || url.hash !== '') throw invalid('it has a query or a fragment: set branch and path of the row instead');
  if (url.protocol === 'https:') return repository;
  if (url.protocol === 'http:' || url.protocol === 'file:') {
    if (allowInsecure) return repository;
    throw invalid(`${url.protocol}// is accepted in the local environment only: use https://HOST/PATH`);
  }
  throw invalid(`${url.protocol}// is not supported: use https://HOST/PATH`);
}

function invalid(rest: string): SourceError {
  return new SourceError('InvalidRepository', `repository: ${rest}.`, { lasting: true });
}
