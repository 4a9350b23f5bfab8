import { EKSClient } from '@aws-sdk/client-eks';
import { STSClient } from '@aws-sdk/client-sts';
import { afterAll, describe, expect, it } from 'vitest';
import { type ApiClient, checkAccess, connectCluster, createConnectionCache } from '../../../lib/kubernetes/index.ts';
import { reachOf } from '../../helpers/deployed-state.ts';
import { freshNamespace, testCluster, testEnvironment } from '../../helpers/environment.ts';

const signal = AbortSignal.timeout(120_000);
const clients: ApiClient[] = [];
afterAll(async () => {
  await Promise.all(clients.map((client) => client.close()));
});

async function connect(name: 'prod-eu' | 'prod-us', now: () => Date = () => new Date()): Promise<ApiClient> {
  const { eksName, roleArn, externalId } = testCluster(name);
  const { region, endpoint, credentials: keys } = reachOf(testEnvironment().aws);
  const endpointOfEks = testEnvironment().aws.AWS_ENDPOINT_URL_EKS ?? endpoint;
  const dependencies = {
    eks: (inRegion: string, credentials: typeof keys) => new EKSClient({ region: inRegion, endpoint: endpointOfEks, credentials }),
    sts: (inRegion: string) => new STSClient({ region: inRegion, endpoint, credentials: keys }),
    credentials: async () => keys,
    readSecret: async () => '',
    clock: { now },
    cache: createConnectionCache(),
  };
  const client = await connectCluster(
    { cluster: name, connection: { type: 'eks', eksName, region, roleArn, externalId } },
    dependencies,
    signal,
  );
  clients.push(client);
  return client;
}

async function applyConfigMap(client: ApiClient, namespace: string, dryRun: boolean) {
  const lookup = (await client.discover(signal)).lookup('v1', 'ConfigMap');
  if (!('found' in lookup)) throw new Error('every cluster has ConfigMaps');
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace }, data: { key: 'value' } };
  return client.apply(lookup.found, object, { fieldManager: 'plumbline-test', dryRun }, signal);
}

describe('a cluster reached as on EKS: DescribeCluster, AssumeRole, presigned token, TokenReview', () => {
  it('is written to under the role of an enforced cluster', async () => {
    const client = await connect('prod-eu');
    expect(await applyConfigMap(client, await freshNamespace(testCluster('prod-eu')), false)).toMatchObject({ created: true });
  });

  it('can only be dry-run under the role of an observed one', async () => {
    const client = await connect('prod-us');
    const namespace = await freshNamespace(testCluster('prod-us'));
    expect(await applyConfigMap(client, namespace, true)).toMatchObject({ object: { data: { key: 'value' } } });
    await expect(applyConfigMap(client, namespace, false)).rejects.toMatchObject({
      reason: 'Denied',
      message: expect.stringMatching(/only dry-runs are allowed.*one that ValidatingAdmissionPolicy plumbline\S+ allows/),
    });
  });

  it.each(['prod-eu', 'prod-us'] as const)('has what %s needs, as the checks from here say', async (name) => {
    const checks = await checkAccess(await connect(name), testCluster(name).access, signal);
    expect(checks.map(({ check, ok, detail }) => (ok ? check : detail))).toEqual([
      'reachable',
      'credentials',
      'identity of the cluster',
      'permissions',
    ]);
  });

  it('refuses a token signed by a clock that is an hour behind', async () => {
    const client = await connect('prod-eu', () => new Date(Date.now() - 3_600_000));
    await expect(client.serverVersion(signal)).rejects.toMatchObject({ reason: 'Unauthorized' });
  });
});
