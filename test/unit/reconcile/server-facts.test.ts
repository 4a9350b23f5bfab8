import { describe, expect, it } from 'vitest';
import type { ClusterState } from '../../../lib/fleet/cluster.ts';
import type { SourceMessage } from '../../../lib/fleet/messages.ts';
import { createDiscovery } from '../../../lib/kubernetes/discovery.ts';
import { rememberServer } from '../../../lib/reconcile/server-facts.ts';
import { renderedFrom, waitingFrom } from '../../../lib/source/rendered-from.ts';
import { digestOfApiVersions } from '../../../lib/storage/api-versions.ts';
import { clusterRow } from '../../helpers/cluster-row.ts';
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
    await rememberServer(clusterRow('a'), { serverVersion, discovery }, await state.get('a'), { state: { update }, artifacts });
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

describe('a cluster that is not what its chart was rendered for', () => {
  const row = clusterRow('a', { credentialsSecret: 'git' });
  const asked = { repository: row.repository, credentialsSecret: 'git' };
  const apiVersions = digestOfApiVersions(HEALTHY.served().apiVersions);
  const known = { cluster: 'a', serverVersion: 'v1.36.0', apiVersions, desiredArtifact: 'sha256:a' };
  const chart = renderedFrom(row, 'c0ffee', { version: 'v1.36.0', apiVersions });
  const ELSEWHERE = createDiscovery([{ apiVersion: 'v1', resources: [] }]);

  it.each<[string, ClusterState, string, typeof HEALTHY, readonly SourceMessage[]]>([
    ['an upgraded one has it rendered again', { ...known, renderedFrom: chart }, 'v1.37.0', HEALTHY, [asked]],
    ['one that serves something else too', { ...known, renderedFrom: chart }, 'v1.36.0', ELSEWHERE, [asked]],
    ['one where it could not be rendered too', { ...known, renderedFrom: `failed: ${chart}` }, 'v1.37.0', HEALTHY, [asked]],
    ['one that is met for the first time too', { cluster: 'a', renderedFrom: waitingFrom(row, 'c0ffee') }, 'v1.36.0', HEALTHY, [asked]],
    ['one that is as it was asks for nothing', { ...known, renderedFrom: chart }, 'v1.36.0', HEALTHY, []],
    ['plain manifests are what they were', { ...known, renderedFrom: renderedFrom(row, 'c0ffee') }, 'v1.37.0', HEALTHY, []],
    ['what is rendered at the next poll anyway is not asked for', known, 'v1.37.0', HEALTHY, []],
  ])('%s', async (_what, state, serverVersion, discovery, expected) => {
    const messages: SourceMessage[] = [];
    const states = memoryStateStore();
    const deps = {
      state: states,
      artifacts: memoryArtifactStore(),
      pollSource: async (message: SourceMessage) => {
        // By then the poll finds the new server in the state.
        expect(await states.get('a')).toMatchObject({ serverVersion });
        messages.push(message);
      },
    };
    await rememberServer(row, { serverVersion, discovery }, state, deps);
    expect(messages).toEqual(expected);
  });
});
