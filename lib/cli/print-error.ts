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
  const remedy = REMEDIES[codeOf(error) ?? reason];
  return `error: ${subject === undefined ? '' : `${subject}: `}${reason}: ${message}${remedy === undefined ? '' : `\n${remedy}`}`;
}

/** Of an error of the network: `ECONNREFUSED`. */
function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

const NETWORK = 'Check the network, the region and AWS_ENDPOINT_URL; `plumbline local status` says whether a local environment is up.';
const CREDENTIALS = 'Set AWS_PROFILE or sign in (`aws sso login`); for the local environment: eval "$(plumbline local env)".';

/** What to do about the errors of the SDK that people meet first. */
const REMEDIES: Readonly<Record<string, string>> = {
  ECONNREFUSED: NETWORK,
  ENOTFOUND: NETWORK,
  ETIMEDOUT: NETWORK,
  CredentialsProviderError: CREDENTIALS,
  ExpiredToken: CREDENTIALS,
  ExpiredTokenException: CREDENTIALS,
  UnrecognizedClientException: CREDENTIALS,
  InvalidClientTokenId: CREDENTIALS,
  AccessDenied: 'The command needs the permissions in the README under "Permissions".',
  AccessDeniedException: 'The command needs the permissions in the README under "Permissions".',
};
