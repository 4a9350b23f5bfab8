import { failureOf, PlumblineError } from '../errors.ts';
import type { Terminal } from './terminal.ts';
import { printable } from './text.ts';

/** On standard error, with `--json` too: the message says subject, value and remedy, and its lines stay lines. */
export function printError(terminal: Terminal, error: unknown): void {
  terminal.error(`${describeError(error).split('\n').map(printable).join('\n')}\n`);
}

function describeError(error: unknown): string {
  if (error instanceof PlumblineError) return `error: ${error.message}`;
  const { reason, message } = failureOf(error);
  const remedy = REMEDIES[reason];
  return `error: ${reason}: ${message}${remedy === undefined ? '' : `\n${remedy}`}`;
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
