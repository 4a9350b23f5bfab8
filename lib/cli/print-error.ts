import { failureOf, PlumblineError } from '../errors.ts';
import type { Terminal } from './terminal.ts';
import { printable } from './text.ts';

/**
 * On standard error, with `--json` too: the message says subject, value and remedy, and its lines stay lines. Errors of ours name their
 * subject themselves; others are given it.
 */
export function printError(terminal: Terminal, error: unknown, subject?: string): void {
  terminal.error(`${describeError(error, subject).split('\n').map(printable).join('\n')}\n`);
}

function describeError(error: unknown, subject: string | undefined): string {
  if (error instanceof PlumblineError) return `error: ${error.message}`;
  const { reason, message } = failureOf(error);
  const remedy = REMEDIES[reason];
  return `error: ${subject === undefined ? '' : `${subject}: `}${reason}: ${message}${remedy === undefined ? '' : `\n${remedy}`}`;
}

const CREDENTIALS = 'Set AWS_PROFILE or sign in (`aws sso login`); for the local environment: eval "$(plumbline local env)".';

/** What to do about the errors of the SDK that people meet first. */
const REMEDIES: Readonly<Record<string, string>> = {
  CredentialsProviderError: CREDENTIALS,
  ExpiredToken: CREDENTIALS,
  ExpiredTokenException: CREDENTIALS,
  UnrecognizedClientException: CREDENTIALS,
  InvalidClientTokenId: CREDENTIALS,
  AccessDenied: 'The command needs the permissions in the README under "Permissions".',
  AccessDeniedException: 'The command needs the permissions in the README under "Permissions".',
};
