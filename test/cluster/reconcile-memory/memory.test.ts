import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { bundleFunction } from '../../../infra/constructs/bundle.ts';
import { nodeOptions } from '../../../infra/constructs/function-memory.ts';
import { systemClock } from '../../../lib/clock.ts';
import { loadSettings } from '../../../lib/config.ts';
import { createStores, type Stores } from '../../../lib/deployment.ts';
import { objectKey } from '../../../lib/manifests/object.ts';
import { applicationSet } from '../../helpers/application-set.ts';
import { reachOf } from '../../helpers/deployed-state.ts';
import { testEnvironment } from '../../helpers/environment.ts';
import { createTestTables } from '../../helpers/test-tables.ts';
import { startTestCluster, type TestCluster } from '../kubernetes/control-plane.ts';

const LIMIT_BYTES = 200_000_000;
const CLUSTER = 'large';
const OBJECTS = applicationSet();
const KINDS = [
  ['', 'v1', 'Namespace', 'namespaces'],
  ['', 'v1', 'ServiceAccount', 'serviceaccounts'],
  ['', 'v1', 'ConfigMap', 'configmaps'],
  ['', 'v1', 'Service', 'services'],
  ['apps', 'v1', 'Deployment', 'deployments'],
  ['policy', 'v1', 'PodDisruptionBudget', 'poddisruptionbudgets'],
] as const;
const Invocation = z.object({ result: z.object({ batchItemFailures: z.array(z.unknown()) }), maximumBytes: z.number() });

let cluster: TestCluster;
let directory: string;
let stores: Stores;
/** The bundle that is deployed, in a process of its own. */
let child: ChildProcess;

beforeAll(async () => {
  cluster = await startTestCluster();
  directory = await mkdtemp(join(tmpdir(), 'plumbline-memory-'));
  bundleFunction('reconcile', directory);
  const { aws } = testEnvironment();
  const reach = reachOf(aws);
  const { names, keyIds, s3, kms } = await createTestTables();
  const environment = {
    DEPLOYMENT: 'memory',
    CLUSTERS_TABLE: names.clusters,
    STATE_TABLE: names.state,
    RECORDS_TABLE: names.records,
    ARTIFACT_BUCKET: names.bucket,
    ARTIFACT_KEY: keyIds.artifactKey,
    DIGEST_KEY: keyIds.digestKey,
    SOURCE_QUEUE_URL: 'https://queue.example/sources',
    CLUSTER_QUEUE_URL: 'https://queue.example/clusters',
  };
  stores = createStores(loadSettings(environment), { dynamodb: new DynamoDBClient(reach), s3, kms }, systemClock);
  await registerCluster(reach);
  child = fork(fileURLToPath(new URL('./invoke.mjs', import.meta.url)), [join(directory, 'index.mjs')], {
    env: { ...aws, ...environment, PATH: process.env.PATH, NODE_OPTIONS: nodeOptions('reconcile') },
    // The records of a thousand objects; what goes wrong is shown.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  await once(child, 'message');
});

afterAll(async () => {
  if (child.exitCode === null && child.kill()) await once(child, 'exit');
  await cluster.stop();
  await rm(directory, { recursive: true, force: true });
});

async function registerCluster(reach: ReturnType<typeof reachOf>): Promise<void> {
  const { endpoint, certificateAuthority, adminToken } = cluster.controlPlane;
  const clusterSecret = `memory/${cluster.controlPlane.endpoint}`.replaceAll(/[^\w/]/g, '-');
  const token = JSON.stringify({ token: adminToken });
  await new SecretsManagerClient(reach).send(new CreateSecretCommand({ Name: clusterSecret, SecretString: token }));
  const source = { repository: 'https://git.example/teams', branch: 'main', path: 'apps' };
  const row = { cluster: CLUSTER, endpoint, certificateAuthority, clusterSecret, ...source, mode: 'enforce' };
  await stores.clusters.put(row, { replace: false });
  const desiredArtifact = await stores.artifacts.put({
    schemaVersion: 1,
    repository: source.repository,
    reference: source.branch,
    revision: '0123456789abcdef0123456789abcdef01234567',
    path: source.path,
    objects: OBJECTS,
    problems: [],
    digests: [],
    findings: [],
    blocked: {},
    renderedAt: '2026-01-01T00:00:00.000Z',
  });
  await stores.state.update(CLUSTER, { desiredArtifact });
}

/** One invocation with one message; resolves to the most memory that the process has had until its end. */
async function invoke(): Promise<number> {
  const answered = once(child, 'message');
  child.send({
    Records: [
      {
        messageId: 'one',
        body: JSON.stringify({ cluster: CLUSTER, reason: 'artifact' }),
        eventSource: 'aws:sqs',
        attributes: { SentTimestamp: String(Date.now()) },
      },
    ],
  });
  const [answer] = await answered;
  const { result, maximumBytes } = Invocation.parse(answer);
  expect(result.batchItemFailures).toEqual([]);
  return maximumBytes;
}

/** Every object of the set that the cluster has, with its resourceVersion. */
async function versions(): Promise<ReadonlyMap<string, string | undefined>> {
  const ours = new Set(OBJECTS.map(({ kind, metadata: { namespace, name } }) => `${kind} ${namespace ?? ''}/${name}`));
  const found = new Map<string, string | undefined>();
  for (const [group, version, kind, plural] of KINDS) {
    const resource = { group, version, kind, plural, namespaced: kind !== 'Namespace', verbs: ['list'] };
    for (const { metadata } of await cluster.client().list(resource, {}, AbortSignal.timeout(30_000))) {
      const { namespace = '', name, resourceVersion } = metadata;
      if (ours.has(`${kind} ${namespace}/${name}`)) found.set(objectKey({ group, kind, namespace, name }), resourceVersion);
    }
  }
  return found;
}

async function lastRun() {
  const [run] = await stores.records.query({ cluster: CLUSTER, kind: 'run', limit: 1 });
  return run;
}

describe('the bundle of functions/reconcile, with 1,010 objects', () => {
  let created: ReadonlyMap<string, string | undefined>;

  it('creates all of them in less than 200 MB', async () => {
    expect(OBJECTS).toHaveLength(1010);
    const maximumBytes = await invoke();
    created = await versions();
    expect(created.size).toBe(1010);
    expect(await lastRun()).toMatchObject({ outcome: 'in-sync', objects: 1010, created: 1010, failed: 0 });
    expect(maximumBytes).toBeLessThan(LIMIT_BYTES);
  }, 240_000);

  it('verifies all of them again in less than 200 MB, and writes none', async () => {
    const before = await lastRun();
    const maximumBytes = await invoke();
    expect(await versions()).toEqual(created);
    const after = await lastRun();
    expect(after?.id).not.toBe(before?.id);
    expect(after).toMatchObject({ outcome: 'in-sync', objects: 1010, created: 0, drifted: 0 });
    expect(maximumBytes).toBeLessThan(LIMIT_BYTES);
  }, 240_000);
});
