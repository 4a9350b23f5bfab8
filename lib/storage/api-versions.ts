import { createHash } from 'node:crypto';

/** The digest of a list of what a server serves, in whatever order. */
export function digestOfApiVersions(apiVersions: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(apiVersions.toSorted())).digest('hex');
}
