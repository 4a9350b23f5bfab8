import { DescribeClusterCommand, EKSClient } from '@aws-sdk/client-eks';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { assumeClusterRole, decodeToken, encodeToken, type Keys, makeEksToken } from '../../helpers/eks-token.ts';
import { callCluster, testCluster, testEnvironment } from '../../helpers/environment.ts';

const environment = testEnvironment();
const cluster = testCluster('prod-eu');
const { region } = environment;
const token = (change: Partial<Parameters<typeof makeEksToken>[0]> = {}) =>
  makeEksToken({ clusterName: cluster.eksName, region, keys, ...change });

let keys: Keys;
beforeAll(async () => {
  keys = await assumeClusterRole(environment, cluster, cluster.externalId);
});

const Review = z.object({
  status: z.object({
    authenticated: z.boolean(),
    error: z.string().optional(),
    user: z.object({ username: z.string(), groups: z.array(z.string()) }).optional(),
  }),
});

async function review(value: string) {
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token: value } };
  const response = await fetch(cluster.tokenReviewUrl, { method: 'POST', body: JSON.stringify(body) });
  return Review.parse(await response.json()).status;
}

describe('a token of the role', () => {
  it('is accepted and put into the group of the access entry', async () => {
    expect(await review(await token())).toMatchObject({
      authenticated: true,
      user: { username: expect.stringMatching(/:assumed-role\/plumbline-prod-eu\/test$/), groups: ['plumbline:enforce'] },
    });
  });

  it('opens the API server', async () => {
    expect(await callCluster(cluster, await token(), 'GET', '/api/v1/namespaces/kube-system')).toMatchObject({ status: 200 });
  });
});

describe('a token is refused, with the reason, when it', () => {
  const altered = async (change: (url: URL) => void) => {
    const url = new URL(decodeToken(await token()));
    change(url);
    return encodeToken(url.href);
  };
  const cases: readonly (readonly [name: string, make: () => Promise<string>, reason: RegExp])[] = [
    [
      'was signed more than 15 minutes ago',
      () => token({ signedAt: new Date(Date.now() - 16 * 60_000) }),
      /^TokenExpired: .*16 minutes ago/,
    ],
    ['was signed in the future', () => token({ signedAt: new Date(Date.now() + 10 * 60_000) }), /^TokenNotYetValid/],
    [
      'was signed for another region',
      () => token({ region: 'us-east-1' }),
      /^WrongRegion: .*sts\.us-east-1\.amazonaws\.com.*sts\.eu-central-1/,
    ],
    ['was signed for another cluster', () => token({ clusterName: 'prod-us' }), /^SignatureDoesNotMatch/],
    ['has another signature', () => altered((url) => url.searchParams.set('X-Amz-Signature', '0'.repeat(64))), /^SignatureDoesNotMatch/],
    [
      'has a later date than was signed',
      () => altered((url) => url.searchParams.set('X-Amz-Date', timestamp(new Date(Date.now() + 30_000)))),
      /^SignatureDoesNotMatch/,
    ],
    [
      'asks for another action',
      () => altered((url) => url.searchParams.set('Action', 'GetSessionToken')),
      /^InvalidToken: .*GetSessionToken/,
    ],
    ['carries a parameter too many, although signed', () => token({ extra: { Role: 'admin' } }), /^InvalidToken: .*"Role"/],
    ['names a parameter twice', () => altered((url) => url.searchParams.append('Action', 'GetCallerIdentity')), /^InvalidToken: .*twice/],
    ['points to another host', () => altered((url) => (url.hostname = 'sts.example.com')), /^WrongRegion/],
    [
      'leaves out the session token',
      () => altered((url) => url.searchParams.delete('X-Amz-Security-Token')),
      /^InvalidClientTokenId|^InvalidToken|^UnrecognizedClient/,
    ],
    ['is no token', async () => 'k8s-aws-v1.bm90IGEgdXJs', /^InvalidToken: .*URL/],
    [
      'is a token of the account’s root, whose signature the emulator does not verify',
      () => token({ keys: { accessKeyId: 'test', secretAccessKey: 'test', sessionToken: '' } }),
      /^RootRefused/,
    ],
  ];

  it.each(cases)('%s', async (_name, make, reason) => {
    const value = await make();
    const status = await review(value);
    expect(status).toMatchObject({ authenticated: false, error: expect.stringMatching(reason) });
    expect(status.error).not.toContain(value.slice(20, 60));
    expect(await callCluster(cluster, value, 'GET', '/api/v1/namespaces')).toMatchObject({ status: 401 });
  });

  it('is of a role with access to another cluster only', async () => {
    const other = testCluster('prod-us');
    const otherKeys = await assumeClusterRole(environment, other, other.externalId);
    expect(await review(await token({ keys: otherKeys }))).toMatchObject({
      authenticated: false,
      error: expect.stringMatching(/^NoAccessEntry: .*plumbline-prod-us/),
    });
  });
});

describe('the role', () => {
  it('cannot be assumed without the external id', async () => {
    await expect(assumeClusterRole(environment, cluster, undefined)).rejects.toThrow(/not authorized to perform: sts:AssumeRole/);
    await expect(assumeClusterRole(environment, cluster, 'another')).rejects.toThrow(/not authorized to perform: sts:AssumeRole/);
  });

  it('may describe its own cluster, as the SDK reads it, and no other', async () => {
    const eks = new EKSClient({ endpoint: environment.aws.AWS_ENDPOINT_URL_EKS ?? '', region, credentials: keys });
    const { cluster: described } = await eks.send(new DescribeClusterCommand({ name: cluster.eksName }));
    expect(described).toMatchObject({
      endpoint: cluster.endpoint,
      certificateAuthority: { data: cluster.certificateAuthority },
      status: 'ACTIVE',
      arn: `arn:aws:eks:${region}:${environment.accountId}:cluster/prod-eu`,
    });
    await expect(eks.send(new DescribeClusterCommand({ name: 'prod-us' }))).rejects.toThrow(
      /not authorized to perform: eks:DescribeCluster/,
    );
  });
});

function timestamp(date: Date): string {
  return date.toISOString().replace(/[-:]|\.\d+/g, '');
}
