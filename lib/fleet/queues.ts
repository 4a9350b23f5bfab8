import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { nameFaults, OUTERMOST, PATIENCE } from '../aws-client.ts';
import { PlumblineError } from '../errors.ts';
import type { ClusterMessage, SourceMessage } from './messages.ts';

/** The most messages that one call takes. */
const BATCH_SIZE = 10;

export class QueueError extends PlumblineError {}

/** A message, with the seconds that it waits in the queue before anybody sees it. */
export interface Delayed<Message> {
  readonly message: Message;
  readonly delaySeconds: number;
}

/**
 * The two queues between the functions. Throws when any message was not taken. Each cluster's messages are a group of their own: on a standard
 * queue that makes it a fair one, where a cluster whose messages pile up does not keep the others waiting.
 */
export interface Queues {
  sendSources(messages: readonly SourceMessage[], signal?: AbortSignal): Promise<void>;
  sendClusters(messages: readonly Delayed<ClusterMessage>[], signal?: AbortSignal): Promise<void>;
}

/** The endpoint of the environment or the region holds, not the host that an emulator wrote into a queue's URL. */
export function createQueueClient(): SQSClient {
  const client = new SQSClient({ ...PATIENCE, useQueueUrlAsEndpoint: false });
  client.middlewareStack.add(nameFaults, OUTERMOST);
  return client;
}

export function createQueues(client: SQSClient, urls: { readonly sources: string; readonly clusters: string }): Queues {
  async function send(
    url: string,
    bodies: readonly (Delayed<SourceMessage | ClusterMessage> & { readonly group?: string })[],
    signal?: AbortSignal,
  ): Promise<void> {
    for (let start = 0; start < bodies.length; start += BATCH_SIZE) {
      const entries = bodies.slice(start, start + BATCH_SIZE).map(({ message, delaySeconds, group }, index) => ({
        Id: String(index),
        MessageBody: JSON.stringify(message),
        DelaySeconds: delaySeconds,
        ...(group === undefined ? {} : { MessageGroupId: group }),
      }));
      const command = new SendMessageBatchCommand({ QueueUrl: url, Entries: entries });
      const { Failed } = await client.send(command, signal === undefined ? {} : { abortSignal: signal });
      const [first] = Failed ?? [];
      if (first !== undefined) {
        throw new QueueError('NotQueued', `queue ${url}: ${Failed?.length} of ${entries.length} messages were not taken: ${first.Code}.`);
      }
    }
  }

  return {
    sendSources: (messages, signal) =>
      send(
        urls.sources,
        messages.map((message) => ({ message, delaySeconds: 0 })),
        signal,
      ),
    sendClusters: (messages, signal) =>
      send(
        urls.clusters,
        messages.map((delayed) => ({ ...delayed, group: delayed.message.cluster })),
        signal,
      ),
  };
}
