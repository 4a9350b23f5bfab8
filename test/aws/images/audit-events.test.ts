import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { S3Client } from '@aws-sdk/client-s3';
import { beforeAll, expect, it } from 'vitest';
import { readDeployedSettings } from '../../../lib/cli/settings-of-stack.ts';
import { systemClock } from '../../../lib/clock.ts';
import { createStores, type Stores } from '../../../lib/deployment.ts';
import { invokeAudit } from '../../../lib/local/index.ts';
import { pushImage } from '../../../lib/local/registry.ts';
import type { ObjectRecord, PlumblineRecord } from '../../../lib/records/record.ts';
import { type PlayedPods, playPods } from '../../cluster/images/played-pods.ts';
import { reachOf } from '../../helpers/deployed-state.ts';
import { adminToken, testCluster, testEnvironment } from '../../helpers/environment.ts';
import { type DeployedFleet, openFleet } from '../../helpers/fleet.ts';
import { freshRepository, testRegistry } from '../../helpers/registry.ts';
import { deployment, rendered } from '../../helpers/workloads.ts';

const signal = AbortSignal.timeout(120_000);
let fleet: DeployedFleet;
let stores: Stores;
let played: PlayedPods;

beforeAll(async () => {
  fleet = await openFleet();
  const reach = reachOf(testEnvironment().aws);
  const { settings } = await readDeployedSettings({ stack: 'plumbline' }, reach.region, new CloudFormationClient(reach), signal);
  const clients = { dynamodb: new DynamoDBClient(reach), s3: new S3Client({ ...reach, forcePathStyle: true }), kms: new KMSClient(reach) };
  stores = createStores(settings, clients, systemClock);
  played = await playPods();
});

async function announce(event: object): Promise<void> {
  expect(await invokeAudit(testEnvironment(), event, signal)).toBeUndefined();
}

function isImageRecord(record: PlumblineRecord): record is ObjectRecord {
  return record.kind === 'image';
}

const findings = async (cluster: string) => (await fleet.records(cluster)).filter(isImageRecord);

it('the deployed audit records who reached into a container from the audit log of its cluster', async () => {
  await fleet.putRow({
    cluster: 'exec-eu',
    eksName: 'exec',
    region: testEnvironment().region,
    repository: 'https://git.invalid/shop.git',
    mode: 'off',
  });
  const lines = readFileSync(join(import.meta.dirname, '../../fixtures/images/audit-events.jsonl'), 'utf8')
    .trim()
    .split('\n');
  const delivery = {
    messageType: 'DATA_MESSAGE',
    owner: testEnvironment().accountId,
    logGroup: '/aws/eks/exec/cluster',
    logStream: 'kube-apiserver-audit-0',
    subscriptionFilters: ['plumbline-exec'],
    logEvents: lines.map((message, index) => ({ id: String(index), timestamp: index, message })),
  };
  await announce({ awslogs: { data: gzipSync(JSON.stringify(delivery)).toString('base64') } });
  const recorded = await findings('exec-eu');
  // Two programs of one person in one container are one record.
  expect(recorded).toHaveLength(4);
  expect(recorded).toContainEqual(
    expect.objectContaining({
      class: 'pod.exec',
      object: { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: 'web-1' },
      actor: expect.objectContaining({ user: 'arn:aws:sts::111122223333:assumed-role/Admin/alice', manager: 'kubectl' }),
      decision: 'reported',
    }),
  );
  await fleet.deleteRow('exec-eu');
});

it('an event of ECR has pods looked at that use the repository, and no others, before their hour has come', async () => {
  const repository = await freshRepository('IMMUTABLE');
  const digest = await pushImage(repository, '1', { variant: 'event' }, signal);
  const image = `${testRegistry()}/${repository.repository}:1@${digest}`;
  const workload = { ...deployment('web', image), metadata: { name: 'web', namespace: played.namespace } };
  const content = { digests: [], findings: [], blocked: {}, schemaVersion: 1, renderedAt: '2026-01-01T00:00:00Z' } as const;
  const desiredArtifact = await stores.artifacts.put({ ...rendered('a1', workload), ...content });
  const { endpoint, certificateAuthority } = testCluster('prod-eu');
  const clusterSecret = await fleet.putSecret('event-eu', { token: await adminToken(testCluster('prod-eu')) });
  await fleet.state.update('event-eu', { desiredArtifact });
  await fleet.putRow({
    cluster: 'event-eu',
    endpoint,
    certificateAuthority,
    clusterSecret,
    repository: 'https://git.invalid/shop.git',
    mode: 'off',
  });
  const [pod = ''] = await played.replicas('web', await played.node('amd64'), image, [
    { imageId: `${testRegistry()}/${repository.repository}@${digest}` },
  ]);

  await announce({});
  await played.debug(pod, 'busybox:1');
  const { accountId: account, region } = testEnvironment();
  const event = (name: string) => ({
    version: '0',
    'detail-type': 'ECR Image Action',
    source: 'aws.ecr',
    account,
    region,
    detail: { result: 'SUCCESS', 'repository-name': name, 'action-type': 'PUSH', 'image-tag': '1' },
  });
  await announce(event('team/another'));
  expect((await findings('event-eu')).map((record) => record.class)).not.toContain('pod.ephemeral');
  await announce(event(repository.repository));
  expect((await findings('event-eu')).map((record) => record.class)).toContain('pod.ephemeral');
  // Index, manifest and config were read, the last from where ECR said.
  expect((await findings('event-eu')).map((record) => record.class)).not.toContain('run.unverifiable');

  const audited = await fleet.plumbline('images', 'audit', 'event-eu', '--json');
  expect(audited).toMatchObject({ status: 2, error: '' });
  const lines = audited.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.at(0)).toMatchObject({ kind: 'image', cluster: 'event-eu', class: 'pod.ephemeral' });
  expect(lines.at(-1)).toMatchObject({ kind: 'audit', cluster: 'event-eu', findings: lines.length - 1 });
  await fleet.deleteRow('event-eu');
});
