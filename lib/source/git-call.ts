import type { GitCredentials } from './credentials.ts';

/** One call of Git, but for its arguments. */
export interface GitCall {
  /** Named by errors; already checked. */
  readonly repository: string;
  readonly credentials: GitCredentials | undefined;
  /** An existing folder, in which Git runs. */
  readonly directory: string;
  readonly timeoutSeconds: number;
}
