import { randomBytes } from 'node:crypto';
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { beforeAll, describe, expect, it } from 'vitest';
import { ClusterMessage, createQueues, SourceMessage } from '../../../lib/fleet/index.ts';
import { reachOf } from '../../helpers/deployed-state.ts';
import { testEnvironment } from '../../helpers/environment.ts';

let client: SQSClient;
let urls: { readonly sources: string; readonly clusters: string };
beforeAll(async () => {
  client = new SQSClient({ ...reachOf(testEnvironment().aws), useQueueUrlAsEndpoint: false });
  const create = async (name: string) => {
    const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName: `${name}-${randomBytes(4).toString('hex')}` }));
    return QueueUrl ?? '';
  };
  urls = { sources: await create('sources'), clusters: await create('clusters') };
});

async function receiveAll(url: string): Promise<unknown[]> {
  const bodies: unknown[] = [];
  for (;;) {
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 10, VisibilityTimeout: 60 }),
    );
    if (Messages.length === 0) return bodies;
    bodies.push(...Messages.map(({ Body }) => JSON.parse(Body ?? '')));
  }
}

describe('queues', () => {
  it('takes more messages than one call holds, each of which its reader can parse', async () => {
    const names = Array.from({ length: 23 }, (_, index) => `cluster-${String(index).padStart(2, '0')}`);
    const messages = names.map((cluster) => ({ message: { cluster, reason: 'tick' as const }, delaySeconds: 0 }));
    await createQueues(client, urls).sendClusters(messages);
    const received = (await receiveAll(urls.clusters)).map((body) => ClusterMessage.parse(body).cluster);
    expect(received.sort()).toEqual(names);
  });

  it('makes a group of each cluster, so that none waits behind the messages of another', async () => {
    await createQueues(client, urls).sendClusters([{ message: { cluster: 'grouped', reason: 'tick' }, delaySeconds: 0 }]);
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({ QueueUrl: urls.clusters, MessageSystemAttributeNames: ['MessageGroupId'], VisibilityTimeout: 60 }),
    );
    expect(Messages.map(({ Attributes }) => Attributes?.MessageGroupId)).toEqual(['grouped']);
  });

  it('does not show a message before its time', async () => {
    await createQueues(client, urls).sendClusters([{ message: { cluster: 'later', reason: 'tick' }, delaySeconds: 900 }]);
    expect(await receiveAll(urls.clusters)).toEqual([]);
  });

  it('sends repositories at once', async () => {
    const message = { repository: 'https://git.example/shop', credentialsSecret: 'plumbline/git' };
    await createQueues(client, urls).sendSources([message]);
    expect((await receiveAll(urls.sources)).map((body) => SourceMessage.parse(body))).toEqual([message]);
  });

  it('throws when a queue is not there, so that the tick counts as failed', async () => {
    const gone = { ...urls, clusters: `${urls.clusters}-gone` };
    await expect(
      createQueues(client, gone).sendClusters([{ message: { cluster: 'a', reason: 'tick' }, delaySeconds: 0 }]),
    ).rejects.toThrow();
  });
});
