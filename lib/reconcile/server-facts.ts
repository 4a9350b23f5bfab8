import type { ClusterRow, ClusterState } from '../fleet/cluster.ts';
import type { Discovery, KubernetesClient } from '../kubernetes/client.ts';
import { dependsOnServer } from '../source/rendered-from.ts';
import { digestOfApiVersions } from '../storage/api-versions.ts';
import type { ReconcileDependencies } from './dependencies.ts';

export interface Server {
  readonly serverVersion: string;
  readonly discovery: Discovery;
}

export async function readServer(client: KubernetesClient, signal: AbortSignal): Promise<Server> {
  return { serverVersion: await client.serverVersion(signal), discovery: await client.discover(signal) };
}

/**
 * Remembers the server's version and what it serves, which charts are rendered for: when either changes, the row's is rendered again.
 * A list with gaps replaces none that was complete: a server behind the API that is down for a moment would change what charts render.
 */
export async function rememberServer(
  { cluster, repository, credentialsSecret }: Pick<ClusterRow, 'cluster' | 'repository' | 'credentialsSecret'>,
  server: Server,
  state: ClusterState | undefined,
  deps: {
    readonly state: Pick<ReconcileDependencies['state'], 'update'>;
    readonly artifacts: Pick<ReconcileDependencies['artifacts'], 'putApiVersions'>;
  } & Pick<ReconcileDependencies, 'pollSource'>,
): Promise<void> {
  const { serverVersion } = server;
  const served = server.discovery.served();
  const apiVersions = state?.apiVersions !== undefined && !served.complete ? state.apiVersions : digestOfApiVersions(served.apiVersions);
  if (state?.serverVersion === serverVersion && state.apiVersions === apiVersions) return;
  if (state?.apiVersions !== apiVersions) await deps.artifacts.putApiVersions(served.apiVersions);
  await deps.state.update(cluster, { serverVersion, apiVersions });
  if (dependsOnServer(state)) await deps.pollSource?.({ repository, ...(credentialsSecret === undefined ? {} : { credentialsSecret }) });
}
