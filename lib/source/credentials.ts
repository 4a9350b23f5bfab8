import { z } from 'zod';
import { SourceError } from './source-error.ts';

/** What a repository is read with, over HTTPS. */
export interface GitCredentials {
  readonly username: string;
  readonly token: string;
  /** Where they come from: what an error names instead of them. */
  readonly secret: string;
}

/** GitHub's App tokens want this name; others take any. */
const DEFAULT_USERNAME = 'x-access-token';

const Secret = z.object({
  username: z
    .string()
    .regex(/^[^:\p{Cc}]+$/u)
    .default(DEFAULT_USERNAME),
  token: z.string().regex(/^[^\p{Cc}]+$/u),
});

/** Parses the text of a secret: `{"username"?: …, "token": …}`. Throws `SourceError` (`InvalidCredentials`) without any of its text. */
export function parseGitCredentials(secretName: string, text: string): GitCredentials {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const parsed = Secret.safeParse(value);
  if (parsed.success) return { ...parsed.data, secret: secretName };
  throw new SourceError('InvalidCredentials', `secret ${secretName}: it must be JSON with "token" and, if the host needs one, "username".`);
}
