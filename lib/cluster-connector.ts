import { EKSClient } from '@aws-sdk/client-eks';
import { STSClient } from '@aws-sdk/client-sts';
import { PATIENCE } from './aws-client.ts';
import type { Clock } from './clock.ts';
import type { ClusterRow } from './fleet/index.ts';
import { type ApiClient, type AwsCredentials, connectCluster, createConnectionCache } from './kubernetes/index.ts';
import type { SecretReader } from './secrets.ts';

/** Makes a client for a row's cluster; endpoints and assumed roles are kept from one call to the next. */
export type ClusterConnector = (row: Pick<ClusterRow, 'cluster' | 'connection'>, signal: AbortSignal) => Promise<ApiClient>;

export function createClusterConnector(readSecret: SecretReader, clock: Clock): ClusterConnector {
  const cache = createConnectionCache();
  const clients = new Map<string, STSClient>();
  const sts = (region: string): STSClient => {
    const client = clients.get(region) ?? new STSClient({ ...PATIENCE, region });
    clients.set(region, client);
    return client;
  };
  const own = new STSClient(PATIENCE);
  const dependencies = {
    eks: (region: string, credentials: AwsCredentials) => new EKSClient({ ...PATIENCE, region, credentials }),
    sts,
    credentials: () => own.config.credentials(),
    readSecret,
    clock,
    cache,
  };
  return (row, signal) => connectCluster(row, dependencies, signal);
}
