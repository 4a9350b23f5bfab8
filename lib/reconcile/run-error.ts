import { type Failure, failureOf, PlumblineError } from '../errors.ts';
import { ApiError } from '../kubernetes/api-error.ts';

/** Another cluster answers behind the endpoint that the row names: nothing is read or written until a person accepts it. */
export class ClusterChangedError extends PlumblineError {
  constructor(cluster: string, pinned: string, found: string) {
    super(
      'ClusterChanged',
      `cluster ${cluster}: its endpoint answers for another cluster (kube-system ${found}, pinned ${pinned}). Nothing was touched. If the cluster was replaced on purpose, remove the row and add it again.`,
    );
  }
}

const CLUSTER_WIDE: ReadonlySet<string> = new Set(['Unauthorized', 'Unreachable', 'TlsVerification']);

/**
 * Whether an error is the whole cluster's, so that asking for the next object is pointless: nobody answers, or we have no credentials. What
 * nobody expected is the object's that it happened with.
 */
export function endsRun(error: unknown, signal: AbortSignal): boolean {
  if (signal.aborted) return true;
  return error instanceof ApiError ? CLUSTER_WIDE.has(error.reason) : error instanceof PlumblineError;
}

/** What the run's record says of an error that ended it. */
export function runFailure(cluster: string, error: unknown, signal: AbortSignal): Failure {
  if (!signal.aborted) return failureOf(error);
  return {
    reason: 'OutOfTime',
    message: `cluster ${cluster}: the run was stopped before it had compared every object. The next run begins again; raise the time for one cluster if this repeats.`,
  };
}
