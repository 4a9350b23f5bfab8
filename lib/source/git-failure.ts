import type { GitCall } from './git-call.ts';
import { SourceError } from './source-error.ts';

const REFUSED = /Authentication failed|could not read Username|terminal prompts disabled|Access denied|returned error: 40[13]/i;
const NOT_THERE = /couldn't find remote ref|not our ref|unadvertised object|no such remote ref/i;
const REDIRECTED = /returned error: 30\d|unable to update url base from redirection/i;

/** Turns what Git printed into an error of ours: who refused what, and what to do about it. */
export function gitFailure(call: GitCall, timedOut: boolean, output: string): SourceError {
  const { repository, credentials, timeoutSeconds } = call;
  const said = lastWords(output, call);
  if (timedOut) {
    return new SourceError(
      'RepositoryUnreachable',
      `repository ${repository}: Git was not done within ${timeoutSeconds} s. It is tried again.`,
    );
  }
  if (/^(Error: )?spawn git /m.test(output)) {
    return new SourceError('GitMissing', `git could not be started (${said}). Install it, or put it on PATH.`);
  }
  if (REFUSED.test(output)) {
    const remedy =
      credentials === undefined
        ? 'The row has no credentialsSecret: name a secret with a token that may read it'
        : `Check that the token in secret ${credentials.secret} is valid and may read it`;
    return new SourceError('AuthenticationRefused', `repository ${repository}: the server refused to be read (${said}). ${remedy}.`);
  }
  if (NOT_THERE.test(output)) {
    return new SourceError(
      'ReferenceNotFound',
      `repository ${repository}: the commit is not there any more, or the server does not hand it out (${said}).`,
    );
  }
  if (REDIRECTED.test(output)) {
    return new SourceError(
      'RepositoryUnreachable',
      `repository ${repository}: the server answers with another address (${said}). Set the row to that address; some hosts want .git at its end.`,
    );
  }
  const remedy = 'Check the address and that it is reachable from here; some hosts also say "not found" when the token may not read it';
  return new SourceError('RepositoryUnreachable', `repository ${repository}: ${said}. ${remedy}.`);
}

function lastWords(output: string, { repository, credentials, directory }: GitCall): string {
  let text = output;
  if (credentials !== undefined) {
    const basic = Buffer.from(`${credentials.username}:${credentials.token}`).toString('base64');
    for (const secret of [credentials.token, basic]) text = text.replaceAll(secret, '(redacted)');
  }
  // A repository on this machine may lie below the folder that Git works in: then the folder is part of its name.
  const isPartOfName = decodeURIComponent(new URL(repository).pathname).startsWith(`${directory}/`);
  const lines = (isPartOfName ? text : text.replaceAll(directory, '.'))
    // The same words at each poll, or each would be news.
    .replaceAll(/ after \d+ ms(?=:)/g, '')
    .split('\n')
    .map((line) => line.trim().replace(/\.+$/, ''));
  const telling = lines.filter((line) => /^(fatal|error|remote):/i.test(line));
  const words = (telling.length > 0 ? telling : lines.filter((line) => line !== '')).slice(0, 3).join('; ');
  return words.slice(0, 500) || 'Git gave no reason';
}
