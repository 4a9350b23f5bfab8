import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AwsFault, type AwsRequest, answers, resets } from '../../helpers/aws-border.ts';
import { reachOf } from '../../helpers/deployed-state.ts';
import { testEnvironment } from '../../helpers/environment.ts';
import { type Bundle, startBundle } from './bundle.ts';
import { type Lane, openLane } from './lane.ts';

const scope = new AsyncDisposableStack();
let lane: Lane;
let bundle: Bundle;

beforeAll(async () => {
  lane = await openLane('schedule', scope);
  bundle = scope.use(await startBundle('schedule', lane.environment));
});
afterAll(() => scope.disposeAsync());

/** One tick with this fault; what it threw, and how many messages each queue has got. */
async function tick(meets: (request: AwsRequest) => boolean, fault: AwsFault) {
  const printed = bundle.log().length;
  lane.border.break(meets, fault);
  const answer = await bundle.invoke({});
  expect(lane.border.mend()).toBeGreaterThan(0);
  return {
    thrown: 'thrown' in answer ? answer.thrown : '',
    log: bundle.log().slice(printed),
    sources: await take(lane.settings.SOURCE_QUEUE_URL),
    clusters: await take(lane.settings.CLUSTER_QUEUE_URL),
  };
}

/** Takes what is in a queue; the clusters of a small fleet are not delayed. */
async function take(QueueUrl: string): Promise<number> {
  const sqs = new SQSClient({ ...reachOf(testEnvironment().aws), useQueueUrlAsEndpoint: false });
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 600 }));
  return Messages.length;
}

const sendsTo =
  (queue: string) =>
  ({ service, text }: AwsRequest) =>
    service === 'sqs' && text.includes(queue);

it('a queue of sources that fails keeps no cluster from being asked for, and the tick fails by name', async () => {
  const { thrown, log, sources, clusters } = await tick(sendsTo('borders-schedule-sources'), answers(500, 'InternalError'));
  expect({ sources, clusters }).toEqual({ sources: 0, clusters: 2 });
  expect(thrown).toContain('SQS SendMessageBatch of queue');
  expect(thrown).toContain('borders-schedule-sources: it answered 500. The next run asks again');
  expect(log).toContain('"FailingClusters"');
});

it('a queue of clusters that throttles keeps no repository from being followed', async () => {
  const { thrown, sources, clusters } = await tick(sendsTo('borders-schedule-clusters'), answers(400, 'RequestThrottled'));
  expect({ sources, clusters }).toEqual({ sources: 1, clusters: 0 });
  expect(thrown).toContain('throttled (RequestThrottled)');
});

it('a queue that resets the connection is named', async () => {
  const { thrown, sources } = await tick(sendsTo('borders-schedule-clusters'), resets);
  expect(sources).toBe(1);
  expect(thrown).toContain('there was no whole answer (ECONNRESET)');
});

it('a fleet that cannot be listed fails the tick and sends nothing, and the next tick sends all', async () => {
  const { thrown, sources, clusters } = await tick(({ operation }) => operation === 'Scan', answers(400, 'ThrottlingException'));
  expect({ sources, clusters }).toEqual({ sources: 0, clusters: 0 });
  expect(thrown).toContain('DynamoDB Scan of table clusters-');

  expect(await bundle.invoke({})).toEqual({ result: null });
  expect([await take(lane.settings.SOURCE_QUEUE_URL), await take(lane.settings.CLUSTER_QUEUE_URL)]).toEqual([1, 2]);
});
