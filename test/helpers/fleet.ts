import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { DeleteCommand, DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { z } from 'zod';
import { readDeployedSettings } from '../../lib/cli/settings-of-stack.ts';
import { systemClock } from '../../lib/clock.ts';
import { createQueues, type Queues } from '../../lib/fleet/index.ts';
import { environmentVariables, thisHost } from '../../lib/local/index.ts';
import type { PlumblineRecord } from '../../lib/records/index.ts';
import { createLeaseStore, createRecordStore, createStateStore, type LeaseStore, type StateStore } from '../../lib/storage/index.ts';
import { reachOf } from './deployed-state.ts';
import { testEnvironment } from './environment.ts';

const DEPLOYMENT = 'plumbline';

export interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly error: string;
}

/** The deployed stacks, as somebody with an AWS SDK and the command sees them. */
export interface DeployedFleet {
  /** Writes a row as `aws dynamodb put-item` does: nothing looks at it on the way. */
  putRow(item: Readonly<Record<string, string>>): Promise<void>;
  deleteRow(cluster: string): Promise<void>;
  /** Stores a secret as JSON; its name has the prefix of the deployment, which is what the functions may read. */
  putSecret(name: string, value: object): Promise<string>;
  readonly state: StateStore;
  readonly leases: LeaseStore;
  readonly queues: Queues;
  /** What the records table holds of a cluster, newest first. */
  records(cluster: string): Promise<readonly PlumblineRecord[]>;
  /** Messages of both queues that were taken and not finished: being worked on, or waiting to be tried again. */
  unfinishedMessages(): Promise<number>;
  /** Runs the command as a process. */
  plumbline(...args: readonly string[]): Promise<Ended>;
}

/** Opens the stacks that `deployed-setup.ts` deployed to the environment of this run. */
export async function openFleet(): Promise<DeployedFleet> {
  const environment = testEnvironment();
  const reach = reachOf(environment.aws);
  const signal = AbortSignal.timeout(30_000);
  const { settings } = await readDeployedSettings({ stack: DEPLOYMENT }, reach.region, new CloudFormationClient(reach), signal);
  const documents = DynamoDBDocumentClient.from(new DynamoDBClient(reach));
  const secrets = new SecretsManagerClient(reach);
  const sqs = new SQSClient({ ...reach, useQueueUrlAsEndpoint: false });
  const records = createRecordStore(documents, { records: settings.RECORDS_TABLE, state: settings.STATE_TABLE, retentionDays: 1 });
  const host = thisHost(process.env);
  return {
    async putRow(item) {
      await documents.send(new PutCommand({ TableName: settings.CLUSTERS_TABLE, Item: item }));
    },
    async deleteRow(cluster) {
      await documents.send(new DeleteCommand({ TableName: settings.CLUSTERS_TABLE, Key: { cluster } }));
    },
    async putSecret(name, value) {
      const full = `${DEPLOYMENT}/${name}`;
      await secrets.send(new CreateSecretCommand({ Name: full, SecretString: JSON.stringify(value) }));
      return full;
    },
    state: createStateStore(documents, settings.STATE_TABLE),
    leases: createLeaseStore(documents, settings.STATE_TABLE, systemClock),
    queues: createQueues(sqs, { sources: settings.SOURCE_QUEUE_URL, clusters: settings.CLUSTER_QUEUE_URL }),
    records: (cluster) => records.query({ cluster }),
    async unfinishedMessages() {
      let sum = 0;
      for (const QueueUrl of [settings.SOURCE_QUEUE_URL, settings.CLUSTER_QUEUE_URL]) {
        const command = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessagesNotVisible'] });
        sum += Number((await sqs.send(command)).Attributes?.ApproximateNumberOfMessagesNotVisible);
      }
      return sum;
    },
    plumbline: (...args) => run(host.node, [join(host.project, 'lib', 'cli', 'main.ts'), ...args], environmentVariables(environment, host)),
  };
}

function run(program: string, args: readonly string[], env: Readonly<Record<string, string>>): Promise<Ended> {
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let error = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    error += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, out, error }));
  });
}

const Failure = z.object({ reason: z.string(), message: z.string() });

/** What the tests read of a line of `status --json`. */
export const StatusLine = z.object({
  cluster: z.string(),
  status: z.string(),
  observedAt: z.string().optional(),
  verifiedAt: z.string().optional(),
  failure: Failure.optional(),
  sourceFailure: Failure.optional(),
});
export type StatusLine = z.infer<typeof StatusLine>;

/** The lines of `status --json`. */
export function statusLines({ out }: Ended): readonly StatusLine[] {
  return out.split('\n').flatMap((line) => (line === '' ? [] : [StatusLine.parse(JSON.parse(line))]));
}

const POLL_MILLISECONDS = 2_000;

/** Asks until the answer is there; undefined when it is not after so many seconds. */
export async function eventually<T>(seconds: number, ask: () => Promise<T | undefined>): Promise<T | undefined> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined || performance.now() > deadline) return answer;
    await sleep(POLL_MILLISECONDS);
  }
}
