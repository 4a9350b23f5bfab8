import { beforeAll, describe, expect, it } from 'vitest';
import type { LocalCluster } from '../../../lib/local/index.ts';
import { assumeClusterRole, makeEksToken } from '../../helpers/eks-token.ts';
import { adminToken, callCluster, freshNamespace, testCluster, testEnvironment } from '../../helpers/environment.ts';

const environment = testEnvironment();
const observed = testCluster('prod-us');
const enforced = testCluster('prod-eu');

async function tokenFor(cluster: LocalCluster): Promise<string> {
  const keys = await assumeClusterRole(environment, cluster, cluster.externalId);
  return makeEksToken({ clusterName: cluster.eksName, region: environment.region, keys });
}

const configMap = (namespace: string, value: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'settings', namespace },
  data: { key: value },
});
const APPLY = 'fieldManager=plumbline-test&force=true';

type Write = readonly [what: string, method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: () => string, body: () => object | undefined];

/** Grants more than we have ourselves. */
const IMPERSONATOR = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: { name: 'impersonator' },
  rules: [{ apiGroups: [''], resources: ['users'], verbs: ['impersonate'] }],
};

describe('the observe role', () => {
  let token: string;
  let admin: string;
  let namespace: string;
  let path: string;
  beforeAll(async () => {
    token = await tokenFor(observed);
    admin = await adminToken(observed);
    namespace = await freshNamespace(observed);
    path = `/api/v1/namespaces/${namespace}/configmaps/settings`;
    await callCluster(observed, admin, 'PATCH', `${path}?${APPLY}`, configMap(namespace, 'live'));
  });

  it('reads and dry-runs, of objects that exist and that do not', async () => {
    expect(await callCluster(observed, token, 'GET', path)).toMatchObject({ status: 200, body: { data: { key: 'live' } } });
    const changed = await callCluster(observed, token, 'PATCH', `${path}?${APPLY}&dryRun=All`, configMap(namespace, 'desired'));
    expect(changed).toMatchObject({ status: 200, body: { data: { key: 'desired' } } });
    const absent = { ...configMap(namespace, 'new'), metadata: { name: 'absent', namespace } };
    expect(await callCluster(observed, token, 'PATCH', `${path.replace('settings', 'absent')}?${APPLY}&dryRun=All`, absent)).toMatchObject({
      status: 201,
    });
  });

  it('dry-runs a role that grants more than it has itself', async () => {
    const answer = await callCluster(
      observed,
      token,
      'PATCH',
      `/apis/rbac.authorization.k8s.io/v1/clusterroles/impersonator?${APPLY}&dryRun=All`,
      IMPERSONATOR,
    );
    expect(answer).toMatchObject({ status: 201 });
  });

  const writes: readonly Write[] = [
    ['apply', 'PATCH', () => `${path}?${APPLY}`, () => configMap(namespace, 'written')],
    [
      'create',
      'POST',
      () => path.replace('/settings', ''),
      () => ({ ...configMap(namespace, 'x'), metadata: { name: 'created', namespace } }),
    ],
    ['update', 'PUT', () => path, () => configMap(namespace, 'written')],
    ['delete', 'DELETE', () => path, () => undefined],
    [
      'take the policy away',
      'DELETE',
      () => '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/plumbline-observe',
      () => undefined,
    ],
    [
      'weaken the policy',
      'PATCH',
      () => `/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/plumbline-observe?${APPLY}`,
      () => ({
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind: 'ValidatingAdmissionPolicyBinding',
        metadata: { name: 'plumbline-observe' },
        spec: { policyName: 'plumbline-observe', validationActions: ['Audit'] },
      }),
    ],
    [
      'bind itself to the enforce role',
      'PATCH',
      () => `/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/mine?${APPLY}`,
      () => ({
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRoleBinding',
        metadata: { name: 'mine' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'plumbline-enforce' },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'plumbline:observe' }],
      }),
    ],
    [
      'issue a service account token',
      'POST',
      () => `/api/v1/namespaces/${namespace}/serviceaccounts/someone/token`,
      () => ({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} }),
    ],
  ];

  it.each(writes)('cannot %s', async (_what, method, target, body) => {
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'someone', namespace } };
    await callCluster(observed, admin, 'PATCH', `/api/v1/namespaces/${namespace}/serviceaccounts/someone?${APPLY}`, account);
    expect(await callCluster(observed, token, method, target(), body())).toMatchObject({ status: 403 });
    expect(await callCluster(observed, admin, 'GET', path)).toMatchObject({ status: 200, body: { data: { key: 'live' } } });
  });
});

describe('the enforce role', () => {
  it('applies, and deletes what it applied', async () => {
    const token = await tokenFor(enforced);
    const namespace = await freshNamespace(enforced);
    const path = `/api/v1/namespaces/${namespace}/configmaps/settings`;
    expect(await callCluster(enforced, token, 'PATCH', `${path}?${APPLY}`, configMap(namespace, 'written'))).toMatchObject({ status: 201 });
    expect(await callCluster(enforced, token, 'DELETE', path)).toMatchObject({ status: 200 });
    expect(await callCluster(enforced, token, 'GET', path)).toMatchObject({ status: 404 });
  });

  it('applies a role that grants more than it has itself', async () => {
    const token = await tokenFor(enforced);
    const answer = await callCluster(
      enforced,
      token,
      'PATCH',
      `/apis/rbac.authorization.k8s.io/v1/clusterroles/impersonator?${APPLY}`,
      IMPERSONATOR,
    );
    expect(answer).toMatchObject({ status: 201 });
  });
});
