import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { CloudFormationClient, CreateStackCommand, waitUntilStackCreateComplete } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { type ClusterStatus, describeStatus } from '../../../lib/cli/describe-status.ts';
import { untoldRuns, withUntoldRun } from '../../../lib/cli/last-runs.ts';
import { systemClock } from '../../../lib/clock.ts';
import { loadSettings, type Settings } from '../../../lib/config.ts';
import { createStores, type Stores } from '../../../lib/deployment.ts';
import { thisHost } from '../../../lib/local/index.ts';
import type { KubernetesObject } from '../../../lib/manifests/object.ts';
import { type AwsBorder, startAwsBorder } from '../../helpers/aws-border.ts';
import { reachOf } from '../../helpers/deployed-state.ts';
import { adminToken, callCluster, testCluster, testEnvironment } from '../../helpers/environment.ts';
import type { Ended } from '../../helpers/fleet.ts';
import { createTestTables } from '../../helpers/test-tables.ts';

/** In a Secret of the cluster whose items the faults are about; nothing that is stored or printed may hold it. */
export const PASSWORD = 'correct-horse-battery-staple';

const CLUSTERS = { victim: 'prod-eu', healthy: 'prod-us' } as const;
export type Name = keyof typeof CLUSTERS;

/**
 * A deployment of its own, with a border between it and AWS: tables, bucket, keys, queues, and a stack that the command finds it by. It has two
 * rows on two API servers: `victim`, whose items the faults are about, and `healthy`.
 */
export interface Lane {
  readonly border: AwsBorder;
  /** EKS has an endpoint of its own. */
  readonly eks: AwsBorder;
  readonly stores: Stores;
  readonly settings: Settings;
  /** For processes of ours: AWS is behind the border. */
  readonly environment: Readonly<Record<string, string>>;
  readonly clusterSecrets: Readonly<Record<Name, string>>;
  /** Of the API server behind each row. */
  readonly uids: Readonly<Record<Name, string>>;
  /** What `status` says of a row. */
  status(name: Name): Promise<ClusterStatus>;
  /** Runs the command as a process, with AWS behind the border. */
  plumbline(...args: readonly string[]): Promise<Ended>;
  /** Publishes a version for each row, as `source` does after a commit, and returns the digest of the victim's. */
  publish(version: string): Promise<string>;
  /** What a row's API server answers. */
  get(name: Name, path: string): ReturnType<typeof callCluster>;
  /** The version that a row's cluster is at. */
  liveVersion(name: Name): Promise<string | undefined>;
}

export async function openLane(name: string, scope: AsyncDisposableStack, source = 'https://git.example/shop'): Promise<Lane> {
  const { aws, toolsDirectory } = testEnvironment();
  const reach = reachOf(aws);
  const openBorder = async (to: string) => scope.adopt(await startAwsBorder(new URL(to)), (opened) => opened.close());
  const border = await openBorder(reach.endpoint);
  const eks = await openBorder(aws.AWS_ENDPOINT_URL_EKS ?? '');
  const { names, keyIds, s3, kms } = await createTestTables();
  const deployment = `borders-${name}`;
  const sqs = new SQSClient(reach);
  const queue = async (queueName: string) => (await sqs.send(new CreateQueueCommand({ QueueName: queueName }))).QueueUrl ?? '';
  const variables = {
    DEPLOYMENT: deployment,
    CLUSTERS_TABLE: names.clusters,
    STATE_TABLE: names.state,
    RECORDS_TABLE: names.records,
    ARTIFACT_BUCKET: names.bucket,
    ARTIFACT_KEY: keyIds.artifactKey,
    DIGEST_KEY: keyIds.digestKey,
    SOURCE_QUEUE_URL: await queue(`${deployment}-sources`),
    CLUSTER_QUEUE_URL: await queue(`${deployment}-clusters`),
    TOOLS_DIRECTORY: toolsDirectory,
    ALLOW_INSECURE_REPOSITORIES: 'true',
  };
  await createStack(`${deployment}-control`, variables);
  const settings = loadSettings(variables);
  const stores = createStores(settings, { dynamodb: new DynamoDBClient(reach), s3, kms }, systemClock);
  const clusterSecrets = { victim: `${deployment}/victim`, healthy: `${deployment}/healthy` };
  for (const row of ['victim', 'healthy'] as const) {
    const cluster = testCluster(CLUSTERS[row]);
    const SecretString = JSON.stringify({ token: await adminToken(cluster) });
    await new SecretsManagerClient(reach).send(new CreateSecretCommand({ Name: clusterSecrets[row], SecretString }));
    const { endpoint, certificateAuthority } = cluster;
    const connection = { endpoint, certificateAuthority, clusterSecret: clusterSecrets[row] };
    await stores.clusters.put(
      { cluster: row, ...connection, repository: source, branch: 'main', path: row, mode: 'enforce', interval: '10m' },
      { replace: false },
    );
  }
  const host = thisHost(process.env);
  const nowhere = `${testEnvironment().directory}/none`;
  const environment = {
    ...aws,
    AWS_ENDPOINT_URL: border.endpoint,
    AWS_ENDPOINT_URL_S3: border.endpoint,
    AWS_ENDPOINT_URL_EKS: eks.endpoint,
    AWS_CONFIG_FILE: nowhere,
    AWS_SHARED_CREDENTIALS_FILE: nowhere,
    PATH: host.env.PATH ?? '',
    ...variables,
  };
  return {
    border,
    eks,
    stores,
    settings,
    environment,
    clusterSecrets,
    uids: { victim: await uidOf('victim'), healthy: await uidOf('healthy') },
    async status(row) {
      const entry = await stores.clusters.get(row);
      if (entry === undefined) throw new Error(`${row} has a row`);
      const state = await stores.state.get(row);
      const untold = state === undefined ? undefined : (await untoldRuns([state], stores.records, AbortSignal.timeout(10_000))).get(row);
      return describeStatus(entry, withUntoldRun(state, untold), new Date());
    },
    get,
    plumbline: (...args) =>
      new Promise((resolve) => {
        const command = [join(host.project, 'lib', 'cli', 'main.ts'), '--stack', deployment, ...args];
        execFile(host.node, command, { env: environment }, (error, out, stderr) => {
          resolve({ status: typeof error?.code === 'number' ? error.code : 0, out, error: stderr });
        });
      }),
    async publish(version) {
      for (const row of ['healthy', 'victim'] as const) {
        await stores.state.update(row, { desiredArtifact: await stores.artifacts.put(artifactOf(name, row, version, source)) });
      }
      return await stores.artifacts.put(artifactOf(name, 'victim', version, source));
    },
    async liveVersion(row) {
      const { body } = await get(row, `/api/v1/namespaces/borders-${name}-${row}/configmaps/settings`);
      return /"version":"([^"]*)"/.exec(JSON.stringify(body))?.[1];
    },
  };
}

/** The namespace of a row of a lane, and the ConfigMap that has its version, as a file in Git. */
export function settingsFile(lane: string, row: Name, version: string): string {
  const namespace = `borders-${lane}-${row}`;
  return `apiVersion: v1
kind: Namespace
metadata:
  name: ${namespace}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  namespace: ${namespace}
data:
  version: ${version}
`;
}

async function get(row: Name, path: string) {
  const cluster = testCluster(CLUSTERS[row]);
  return callCluster(cluster, await adminToken(cluster), 'GET', path);
}

async function uidOf(row: Name): Promise<string> {
  const { body } = await get(row, '/api/v1/namespaces/kube-system');
  return /"uid":"([^"]*)"/.exec(JSON.stringify(body))?.[1] ?? '';
}

function artifactOf(lane: string, row: Name, version: string, repository: string) {
  const namespace = `borders-${lane}-${row}`;
  const objects: readonly KubernetesObject[] = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings', namespace }, data: { version } },
    ...(row === 'victim' ? [{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'login', namespace }, stringData: { PASSWORD } }] : []),
  ];
  return {
    schemaVersion: 1 as const,
    repository,
    reference: 'main',
    revision: '0123456789abcdef0123456789abcdef01234567',
    path: row,
    objects,
    problems: [],
    digests: [],
    findings: [],
    blocked: {},
    renderedAt: '2026-01-01T00:00:00.000Z',
  };
}

/** A stack that is nothing but its outputs. */
async function createStack(StackName: string, variables: Readonly<Record<string, string>>): Promise<void> {
  const client = new CloudFormationClient(reachOf(testEnvironment().aws));
  const outputName = (variable: string) =>
    variable.toLowerCase().replaceAll(/(?:^|_)([a-z])/g, (_all, letter: string) => letter.toUpperCase());
  const Outputs = Object.fromEntries(Object.entries(variables).map(([variable, Value]) => [outputName(variable), { Value }]));
  const Resources = { Nothing: { Type: 'AWS::CloudFormation::WaitConditionHandle' } };
  await client.send(new CreateStackCommand({ StackName, TemplateBody: JSON.stringify({ Resources, Outputs }) }));
  await waitUntilStackCreateComplete({ client, minDelay: 1, maxDelay: 1, maxWaitTime: 60 }, { StackName });
}
