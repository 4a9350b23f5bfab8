import { describe, expect, it } from 'vitest';
import type { ClusterState } from '../../../lib/fleet/cluster.ts';
import { createDiscovery } from '../../../lib/kubernetes/discovery.ts';
import { rememberServer } from '../../../lib/reconcile/server-facts.ts';
import { memoryArtifactStore, memoryStateStore } from '../../helpers/memory-stores.ts';

const HEALTHY = createDiscovery([
  { apiVersion: 'v1', resources: [] },
  { apiVersion: 'metrics.k8s.io/v1', resources: [] },
]);
const GAP = createDiscovery([
  { apiVersion: 'v1', resources: [] },
  { apiVersion: 'other.io/v1', resources: [], gap: 'it is down' },
]);

/** Runs that meet these servers, one after the other; resolves to what is remembered after each. */
async function remembered(...servers: readonly (readonly [version: string, discovery: typeof HEALTHY])[]) {
  const state = memoryStateStore();
  const artifacts = memoryArtifactStore();
  const after: { version: string | undefined; apiVersions: readonly string[] }[] = [];
  let writes = 0;
  for (const [serverVersion, discovery] of servers) {
    const update = (cluster: string, patch: Partial<ClusterState>) => {
      writes++;
      return state.update(cluster, patch);
    };
    await rememberServer('a', { serverVersion, discovery }, await state.get('a'), { state: { update }, artifacts });
    const now = await state.get('a');
    after.push({ version: now?.serverVersion, apiVersions: await artifacts.getApiVersions(now?.apiVersions ?? '') });
  }
  return { after, writes };
}

describe('what charts are rendered for', () => {
  it('is remembered at the first contact, and written again only when it changes', async () => {
    const { after, writes } = await remembered(['v1.36.0', HEALTHY], ['v1.36.0', HEALTHY], ['v1.36.1', HEALTHY]);
    expect(after.map(({ version }) => version)).toEqual(['v1.36.0', 'v1.36.0', 'v1.36.1']);
    expect(after[0]?.apiVersions).toEqual(['metrics.k8s.io/v1', 'v1']);
    expect(writes).toBe(2);
  });

  it('is what there is, when a server behind the API is down at the first contact', async () => {
    const { after } = await remembered(['v1.36.0', GAP]);
    expect(after[0]?.apiVersions).toEqual(['other.io/v1', 'v1']);
  });

  it('stays what it was while a server behind the API is down', async () => {
    const { after } = await remembered(['v1.36.0', HEALTHY], ['v1.36.1', GAP]);
    expect(after[1]).toEqual({ version: 'v1.36.1', apiVersions: ['metrics.k8s.io/v1', 'v1'] });
  });
});
