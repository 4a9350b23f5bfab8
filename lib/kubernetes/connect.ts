import type { EKSClient } from '@aws-sdk/client-eks';
import type { STSClient } from '@aws-sdk/client-sts';
import { z } from 'zod';
import type { Clock } from '../clock.ts';
import type { ClusterRow } from '../fleet/cluster.ts';
import { type ApiClient, createKubernetesClient } from './api-client.ts';
import { type Authentication, bearerToken, CredentialsError } from './authentication.ts';
import { assumeRole, describeEksCluster, type EksEndpoint } from './eks.ts';
import { type AwsCredentials, eksAuthentication } from './eks-token.ts';

/** What is kept between runs of one process, so that a run of a known cluster asks AWS nothing. */
export interface ConnectionCache {
  readonly endpoints: Map<string, EksEndpoint>;
  readonly credentials: Map<string, AwsCredentials>;
}

export function createConnectionCache(): ConnectionCache {
  return { endpoints: new Map(), credentials: new Map() };
}

export interface ConnectDependencies {
  readonly eks: (region: string, credentials: AwsCredentials) => Pick<EKSClient, 'send'>;
  /** Asked with our own credentials. */
  readonly sts: (region: string) => Pick<STSClient, 'send'>;
  /** Our own credentials: for rows without a role. */
  readonly credentials: () => Promise<AwsCredentials>;
  /** The text of a secret, by name; throws a `PlumblineError` that says why it cannot be read. */
  readonly readSecret: (name: string, signal: AbortSignal) => Promise<string>;
  readonly clock: Clock;
  readonly cache: ConnectionCache;
}

/**
 * Makes a client for a row's cluster. Nothing is sent to the API server itself.
 *
 * Throws `EksError`, `CredentialsError` or `EndpointError`, each with what to do about it.
 */
export async function connectCluster(
  row: Pick<ClusterRow, 'cluster' | 'connection'>,
  dependencies: ConnectDependencies,
  signal: AbortSignal,
): Promise<ApiClient> {
  const { connection } = row;
  if (connection.type === 'endpoint') {
    const { endpoint, certificateAuthority, clusterSecret } = connection;
    const authentication = parseClusterSecret(await dependencies.readSecret(clusterSecret, signal), clusterSecret);
    return createKubernetesClient({ endpoint, certificateAuthority, authentication });
  }

  const { eksName, region, roleArn, externalId } = connection;
  const { cache, clock } = dependencies;
  const credentials = async (): Promise<AwsCredentials> => {
    if (roleArn === undefined) return dependencies.credentials();
    const role = { roleArn, cluster: row.cluster, ...(externalId === undefined ? {} : { externalId }) };
    const key = JSON.stringify([row.cluster, region, roleArn, externalId]);
    const known = cache.credentials.get(key);
    if (known !== undefined && lastsLongEnough(known, clock)) return known;
    const assumed = await assumeRole(dependencies.sts(region), role, signal);
    cache.credentials.set(key, assumed);
    return assumed;
  };

  // With the role in the key: another account may have a cluster of the same name.
  const endpointKey = JSON.stringify([region, eksName, roleArn]);
  const found =
    cache.endpoints.get(endpointKey) ??
    (await describeEksCluster(dependencies.eks(region, await credentials()), { eksName, region }, signal));
  cache.endpoints.set(endpointKey, found);
  return createKubernetesClient({
    ...found,
    authentication: eksAuthentication({ clusterName: eksName, region, credentials, clock }),
    onConnectionFailure: () => cache.endpoints.delete(endpointKey),
  });
}

/** A run takes minutes: credentials with less left are assumed anew at once, not in the middle of it. */
const LEAST_REMAINING_MILLISECONDS = 5 * 60 * 1000;

function lastsLongEnough({ expiration }: AwsCredentials, clock: Clock): boolean {
  return expiration === undefined || expiration.getTime() - clock.now().getTime() > LEAST_REMAINING_MILLISECONDS;
}

/** The secret of a cluster that is not reached through EKS. */
export const ClusterSecret = z.union([
  z.strictObject({ token: z.string().min(1) }),
  z.strictObject({
    clientCertificate: z.string().includes('-----BEGIN CERTIFICATE-----'),
    clientKey: z.string().includes('PRIVATE KEY-----'),
  }),
]);
export type ClusterSecret = Readonly<z.infer<typeof ClusterSecret>>;

/** Reads a cluster's secret. Throws `CredentialsError`, which quotes nothing of it. */
export function parseClusterSecret(text: string, name: string): Authentication {
  const parsed = ClusterSecret.safeParse(tryJson(text));
  if (!parsed.success) {
    throw new CredentialsError(
      'InvalidClusterSecret',
      `secret ${name}: not the credentials of a cluster. Accepted is {"token": …} or {"clientCertificate": …, "clientKey": …} with PEM texts; \`plumbline cluster add --kubeconfig\` writes one.`,
    );
  }
  const secret = parsed.data;
  if ('token' in secret) return bearerToken(secret.token, `secret ${name}`);
  return { type: 'client-certificate', certificate: secret.clientCertificate, key: secret.clientKey };
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
