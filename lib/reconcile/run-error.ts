import { type Failure, failureOf, PlumblineError } from '../errors.ts';
import type { ClusterConnection, ClusterRow } from '../fleet/cluster.ts';
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
export function runFailure(
  { cluster, connection }: Pick<ClusterRow, 'cluster' | 'connection'>,
  error: unknown,
  signal: AbortSignal,
): Failure {
  if (!signal.aborted) {
    if (!(error instanceof ApiError)) return failureOf(error);
    const words = error.reason === 'Unauthorized' ? `its API server refuses ${refusedCredentials(connection)}` : error.message;
    return { reason: error.reason, message: `cluster ${cluster}: ${words}` };
  }
  return {
    reason: 'OutOfTime',
    message: `cluster ${cluster}: the run was stopped before it had compared every object. The next run begins again; raise the time for one cluster if this repeats.`,
  };
}

/** Only the row tells what was sent: the server says 401 to all of them. */
function refusedCredentials(connection: ClusterConnection): string {
  if (connection.type === 'endpoint') {
    return `the credentials in secret ${connection.clusterSecret} (${connection.endpoint} answered 401). They may have expired: put a token or client certificate that is valid there into it.`;
  }
  const { eksName, region, roleArn } = connection;
  const role = roleArn === undefined ? 'our own role' : `role ${roleArn}`;
  return `the token of ${role} for EKS cluster ${eksName} in ${region} (it answered 401). Check that this is the cluster's region, and that the cluster has an access entry for the role.`;
}
