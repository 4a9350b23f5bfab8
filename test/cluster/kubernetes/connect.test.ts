import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { EKSClient } from '@aws-sdk/client-eks';
import { STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ClusterConnection } from '../../../lib/fleet/cluster.ts';
import { type ApiClient, connectCluster, createConnectionCache, type EksEndpoint } from '../../../lib/kubernetes/index.ts';
import { freePorts } from '../../../lib/local/ports.ts';
import { startTestCluster, type TestCluster } from './control-plane.ts';

let cluster: TestCluster;
let aws: Server;
let awsEndpoint: string;
let calls: string[];
let described: EksEndpoint | undefined;
let trusted: boolean;
const clients: ApiClient[] = [];
const signal = AbortSignal.timeout(120_000);

/** Plays STS and EKS in their wire formats, for one role with an external id and one cluster. */
beforeAll(async () => {
  cluster = await startTestCluster();
  aws = createServer(async (request, response) => {
    const body = new URLSearchParams(await text(request));
    if (body.get('Action') === 'AssumeRole') {
      calls.push(`AssumeRole ${body.get('RoleArn')} as ${body.get('RoleSessionName')}`);
      const expiration = new Date(Date.now() + 3_600_000).toISOString();
      const credentials = `<AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>${expiration}</Expiration>`;
      const allowed = trusted && body.get('ExternalId') === 'external-id';
      response.writeHead(allowed ? 200 : 403, { 'content-type': 'text/xml' });
      response.end(
        allowed
          ? `<AssumeRoleResponse><AssumeRoleResult><Credentials>${credentials}</Credentials></AssumeRoleResult></AssumeRoleResponse>`
          : '<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>',
      );
      return;
    }
    calls.push(`DescribeCluster ${request.url}`);
    response.setHeader('content-type', 'application/json');
    if (described === undefined) {
      response.writeHead(404, { 'x-amzn-errortype': 'ResourceNotFoundException' }).end('{"message":"no"}');
      return;
    }
    const { endpoint, certificateAuthority } = described;
    response.end(JSON.stringify({ cluster: { status: 'ACTIVE', endpoint, certificateAuthority: { data: certificateAuthority } } }));
  });
  aws.listen(0, '127.0.0.1');
  await once(aws, 'listening');
  const address = aws.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  awsEndpoint = `http://127.0.0.1:${address.port}`;
});
beforeEach(() => {
  calls = [];
  trusted = true;
  described = { endpoint: cluster.controlPlane.endpoint, certificateAuthority: cluster.controlPlane.certificateAuthority };
});
afterAll(async () => {
  await Promise.all(clients.map((client) => client.close()));
  aws?.closeAllConnections();
  aws?.close();
  await cluster?.stop();
});

const onEks = {
  type: 'eks',
  eksName: 'prod',
  region: 'eu-central-1',
  roleArn: 'arn:aws:iam::1:role/r',
  externalId: 'external-id',
} as const;

function connector(secrets: Readonly<Record<string, string>> = {}) {
  const keys = { accessKeyId: 'AKIA', secretAccessKey: 's' };
  const client = { region: 'eu-central-1', endpoint: awsEndpoint, credentials: keys, maxAttempts: 1 };
  const cache = createConnectionCache();
  const dependencies = {
    eks: () => new EKSClient(client),
    sts: () => new STSClient(client),
    credentials: async () => keys,
    readSecret: async (name: string) => secrets[name] ?? '',
    clock: { now: () => new Date() },
    cache,
  };
  const connect = async (connection: ClusterConnection): Promise<ApiClient> => {
    const connected = await connectCluster({ cluster: 'prod-eu', connection }, dependencies, signal);
    clients.push(connected);
    return connected;
  };
  return { connect, cache };
}

describe('a cluster on EKS', () => {
  it('is found by name through its role, and not asked about again', async () => {
    const { connect } = connector();
    // The API server here knows no EKS tokens: that it refuses one shows that it was reached and its certificate verified.
    await expect((await connect(onEks)).serverVersion(signal)).rejects.toMatchObject({ reason: 'Unauthorized' });
    await expect((await connect(onEks)).serverVersion(signal)).rejects.toMatchObject({ reason: 'Unauthorized' });
    expect(calls).toEqual(['AssumeRole arn:aws:iam::1:role/r as plumbline-prod-eu', 'DescribeCluster /clusters/prod']);
  });

  it('is asked about again after it could not be reached where it was', async () => {
    const { connect } = connector();
    const [port] = await freePorts(1);
    described = { endpoint: `https://127.0.0.1:${port}`, certificateAuthority: cluster.controlPlane.certificateAuthority };
    await expect((await connect(onEks)).serverVersion(signal)).rejects.toMatchObject({ reason: 'Unreachable' });
    described = { endpoint: cluster.controlPlane.endpoint, certificateAuthority: cluster.controlPlane.certificateAuthority };
    await expect((await connect(onEks)).serverVersion(signal)).rejects.toMatchObject({ reason: 'Unauthorized' });
  });

  it('that is not there is named', async () => {
    described = undefined;
    await expect(connector().connect(onEks)).rejects.toMatchObject({
      reason: 'ClusterNotFound',
      message: expect.stringContaining('EKS cluster prod in eu-central-1'),
    });
  });

  it('that has no endpoint yet is told from one that is gone', async () => {
    described = { endpoint: '', certificateAuthority: '' };
    await expect(connector().connect(onEks)).rejects.toMatchObject({ reason: 'ClusterNotReady' });
  });

  it('whose role may not be assumed says what its trust policy needs', async () => {
    const { externalId: _, ...without } = onEks;
    await expect(connector().connect(without)).rejects.toMatchObject({
      reason: 'AssumeRoleRefused',
      message: expect.stringContaining('trust policy'),
    });
    trusted = false;
    await expect(connector().connect(onEks)).rejects.toMatchObject({ reason: 'AssumeRoleRefused' });
  });
});

describe('another cluster', () => {
  const elsewhere = (): ClusterConnection => ({
    type: 'endpoint',
    endpoint: cluster.controlPlane.endpoint,
    certificateAuthority: cluster.controlPlane.certificateAuthority,
    clusterSecret: 'name-of-the-secret',
  });

  it('is reached by the token in its secret', async () => {
    const { connect } = connector({ 'name-of-the-secret': JSON.stringify({ token: cluster.controlPlane.adminToken }) });
    expect(await (await connect(elsewhere())).serverVersion(signal)).toBe('v1.36.3');
    expect(calls).toEqual([]);
  });

  it.each([
    '',
    'hunter2',
    '{"token":""}',
    '{"token":"hunter2","more":1}',
    '{"token":"hunter2\\nX-Header: 1"}',
    '{"clientCertificate":"hunter2","clientKey":"hunter2"}',
  ])('whose secret is %j is refused by the secret’s name, without quoting it', async (secret) => {
    const failure = await connector({ 'name-of-the-secret': secret })
      .connect(elsewhere())
      .catch((error: unknown) => error);
    expect(String(failure)).toContain('name-of-the-secret');
    expect(String(failure)).not.toContain('hunter2');
  });
});
