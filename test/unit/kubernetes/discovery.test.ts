import { describe, expect, it } from 'vitest';
import { createDiscovery, readAggregated, readLegacyResources } from '../../../lib/kubernetes/discovery.ts';

const deployments = {
  resource: 'deployments',
  responseKind: { group: 'apps', version: 'v1', kind: 'Deployment' },
  scope: 'Namespaced',
  verbs: ['get', 'patch'],
  subresources: [{ subresource: 'scale', responseKind: { kind: 'Scale' } }],
};
const aggregated = {
  kind: 'APIGroupDiscoveryList',
  items: [
    { metadata: { name: 'apps' }, versions: [{ version: 'v1', freshness: 'Current', resources: [deployments] }] },
    { metadata: { name: 'metrics.k8s.io' }, versions: [{ version: 'v1beta1', freshness: 'Stale' }] },
    { metadata: {}, versions: [{ version: 'v1', resources: [{ resource: 'nodes', responseKind: { kind: 'Node' }, scope: 'Cluster' }] }] },
  ],
};

describe('discovery', () => {
  const discovery = createDiscovery(readAggregated(aggregated));

  it('finds a kind with its plural, scope and verbs', () => {
    expect(discovery.lookup('apps/v1', 'Deployment')).toEqual({
      found: { group: 'apps', version: 'v1', kind: 'Deployment', plural: 'deployments', namespaced: true, verbs: ['get', 'patch'] },
    });
    expect(discovery.lookup('v1', 'Node')).toMatchObject({ found: { group: '', plural: 'nodes', namespaced: false } });
  });

  it.each([
    ['apps/v1', 'Scale'],
    ['apps/v1beta1', 'Deployment'],
    ['nowhere.example.com/v1', 'Thing'],
  ])('knows that %s %s is absent', (apiVersion, kind) => {
    expect(discovery.lookup(apiVersion, kind)).toEqual({ absent: true });
  });

  it('finds a kind in another version of its group', () => {
    expect(discovery.lookupInGroup('apps', 'Deployment')).toEqual(discovery.lookup('apps/v1', 'Deployment'));
    expect(discovery.lookupInGroup('', 'Node')).toMatchObject({ found: { plural: 'nodes' } });
    expect(discovery.lookupInGroup('apps', 'Node')).toEqual({ absent: true });
    expect(discovery.lookupInGroup('metrics.k8s.io', 'PodMetrics')).toEqual({ gap: expect.stringContaining('metrics.k8s.io/v1beta1') });
  });

  it('does not take a kind for gone when the server behind its API could not be asked', () => {
    expect(discovery.lookup('metrics.k8s.io/v1beta1', 'PodMetrics')).toEqual({ gap: expect.stringContaining('metrics.k8s.io/v1beta1') });
  });

  it('lists everything that is served, and says whether that is all', () => {
    const { apiVersions, complete } = discovery.served();
    expect(apiVersions).toEqual(expect.arrayContaining(['apps/v1', 'apps/v1/Deployment', 'v1', 'v1/Node', 'metrics.k8s.io/v1beta1']));
    expect(complete).toBe(false);
    expect(createDiscovery([{ apiVersion: 'v1', resources: [] }]).served()).toEqual({ apiVersions: ['v1'], complete: true });
  });

  it('reads the older form, without sub-resources', () => {
    const resources = readLegacyResources('apps/v1', {
      resources: [
        { name: 'deployments', kind: 'Deployment', namespaced: true, verbs: ['get', 'patch'] },
        { name: 'deployments/scale', kind: 'Scale', namespaced: true, verbs: ['get'] },
      ],
    });
    expect(createDiscovery([{ apiVersion: 'apps/v1', resources }]).lookup('apps/v1', 'Deployment')).toEqual(
      discovery.lookup('apps/v1', 'Deployment'),
    );
    expect(resources).toHaveLength(1);
  });
});
