import { PlumblineError } from '../errors.ts';

/** How a client says who it is. A token is asked for with every request, so its source caches and refreshes it. */
export type Authentication =
  | { readonly type: 'token'; readonly token: () => Promise<string> }
  | {
      readonly type: 'client-certificate';
      /** PEM. */
      readonly certificate: string;
      /** PEM. */
      readonly key: string;
    };

/** What is known to be wrong with credentials before they are sent. */
export class CredentialsError extends PlumblineError {}

/** A bearer token that does not change. Throws `CredentialsError` when it cannot be sent as one. */
export function bearerToken(token: string, subject: string): Authentication {
  const trimmed = token.trim();
  if (!/^[\x21-\x7e]+$/.test(trimmed)) {
    throw new CredentialsError(
      'InvalidCredentials',
      `${subject}: the token is empty or holds characters that a header cannot carry (${trimmed.length} characters). Store the bare token.`,
    );
  }
  return { type: 'token', token: async () => trimmed };
}
