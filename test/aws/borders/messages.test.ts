import { DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { reachOf } from '../../helpers/deployed-state.ts';
import { testEnvironment } from '../../helpers/environment.ts';
import { createRepository, type TestRepository } from '../../helpers/git-repository.ts';
import { type Bundle, retriedOf, sqsEvent, startBundle } from './bundle.ts';
import { type Lane, openLane, settingsFile } from './lane.ts';
import { BUSY_FAULT, SOURCE_MESSAGE_FAULTS, UPGRADE_FAULT } from './message-faults.ts';

const scope = new AsyncDisposableStack();
const [VICTIM, HEALTHY] = [
  { cluster: 'victim', reason: 'artifact' },
  { cluster: 'healthy', reason: 'artifact' },
];
let git: TestRepository;
let lane: Lane;
let source: Bundle;
let reconcile: Bundle;
let versions = 0;

beforeAll(async () => {
  git = scope.use(createRepository());
  lane = await openLane('messages', scope, git.url);
  [source, reconcile] = [
    scope.use(await startBundle('source', lane.environment)),
    scope.use(await startBundle('reconcile', lane.environment)),
  ];
  await commit();
  await source.invoke(sqsEvent({ repository: git.url }));
  await reconcile.invoke(sqsEvent(VICTIM, HEALTHY));
  await take(lane.settings.CLUSTER_QUEUE_URL);
}, 120_000);
afterAll(() => scope.disposeAsync());

/** A commit for both rows. */
async function commit(): Promise<{ readonly version: string; readonly revision: string }> {
  versions += 1;
  const version = `v${versions}`;
  const files = {
    'victim/settings.yaml': settingsFile('messages', 'victim', version),
    'healthy/settings.yaml': settingsFile('messages', 'healthy', version),
  };
  return { version, revision: git.commit(files) };
}

const Subject = z.union([z.object({ cluster: z.string() }), z.object({ repository: z.string() })]);

/** Takes what is in a queue, delayed messages too, and resolves to whom it is about. */
async function take(QueueUrl: string): Promise<readonly string[]> {
  const sqs = new SQSClient({ ...reachOf(testEnvironment().aws), useQueueUrlAsEndpoint: false });
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
  for (const { ReceiptHandle } of Messages) await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
  return Messages.map(({ Body = '' }) => Object.values(Subject.parse(JSON.parse(Body)))[0] ?? '').toSorted();
}

describe('a commit of which one row cannot be handed on', () => {
  it.each(SOURCE_MESSAGE_FAULTS.map((fault) => [fault.what, fault] as const))('%s', async (_what, { meets, fault }) => {
    const before = await lane.status('victim');
    const { version, revision } = await commit();
    const printed = source.log().length;
    lane.border.break(meets, fault());
    const answer = await source.invoke(sqsEvent({ repository: git.url }));
    expect(lane.border.mend()).toBeGreaterThan(0);
    // The message comes back: it is the only one of its batch.
    expect(answer).toEqual({ thrown: expect.stringContaining('All records failed processing') });
    expect(source.log().slice(printed)).toMatch(/"cluster":"victim","outcome":"not kept","failure":\{"reason":"AwsFailed"/);

    expect(await take(lane.settings.CLUSTER_QUEUE_URL)).toEqual(['healthy']);
    await reconcile.invoke(sqsEvent(HEALTHY));
    expect(await lane.liveVersion('healthy')).toBe(version);
    expect(await lane.status('healthy')).toMatchObject({ status: 'in sync', revision });
    // In sync with what it says, which is not the commit that nobody told it of.
    expect(await lane.status('victim')).toMatchObject({ revision: before.revision, observedAt: before.observedAt });
    expect(before.revision).not.toBe(revision);
    lane.border.break(meets, fault());
    const command = await lane.plumbline('reconcile', 'victim');
    lane.border.mend();
    expect(command.status, command.error).toBe(0);

    expect(await source.invoke(sqsEvent({ repository: git.url }))).toEqual({ result: { batchItemFailures: [] } });
    expect(await take(lane.settings.CLUSTER_QUEUE_URL)).toEqual(['victim']);
    await reconcile.invoke(sqsEvent(VICTIM));
    expect(await lane.liveVersion('victim')).toBe(version);
    expect(await lane.status('victim')).toMatchObject({ status: 'in sync', revision });
    // Told once, and never again.
    await source.invoke(sqsEvent({ repository: git.url }));
    expect(await take(lane.settings.CLUSTER_QUEUE_URL)).toEqual([]);
  });
});

it(`${BUSY_FAULT.what}: the message comes back, nothing is claimed, and the other cluster is reconciled`, async () => {
  const lease = await lane.stores.leases.acquire(lane.uids.victim, 'somebody', 120);
  if (lease === undefined) throw new Error('nobody has the lease');
  const [before, startedAt] = [await lane.status('victim'), new Date().toISOString()];
  lane.border.break(BUSY_FAULT.meets, BUSY_FAULT.fault());
  const answer = await reconcile.invoke(sqsEvent(VICTIM, HEALTHY));
  expect(lane.border.mend()).toBeGreaterThan(0);
  expect(retriedOf(answer)).toEqual([0]);
  expect(await lane.status('victim')).toMatchObject({ observedAt: before.observedAt, lastRunAt: before.lastRunAt });
  expect(((await lane.status('healthy')).observedAt ?? '') >= startedAt).toBe(true);
  expect((await lane.plumbline('reconcile', 'victim')).status).toBe(1);

  await lane.stores.leases.release(lease);
  expect(retriedOf(await reconcile.invoke(sqsEvent(VICTIM)))).toEqual([]);
  expect(((await lane.status('victim')).observedAt ?? '') >= startedAt).toBe(true);
});

describe('a chart whose cluster was upgraded', () => {
  /** As if the row had rendered a chart for an older server. */
  async function renderedForAnother(): Promise<void> {
    const { apiVersions } = (await lane.stores.state.get('victim')) ?? {};
    await lane.stores.state.update('victim', { serverVersion: 'v1.20.0', renderedFrom: `a chart for v1.20.0 ${apiVersions}` });
  }

  it('is asked for by message', async () => {
    await renderedForAnother();
    expect(retriedOf(await reconcile.invoke(sqsEvent(VICTIM, HEALTHY)))).toEqual([]);
    expect(await take(lane.settings.SOURCE_QUEUE_URL)).toEqual([git.url]);
  });

  it(`waits for the next poll, and its run goes on: ${UPGRADE_FAULT.what}`, async () => {
    await renderedForAnother();
    const [printed, startedAt] = [reconcile.log().length, new Date().toISOString()];
    lane.border.break(UPGRADE_FAULT.meets, UPGRADE_FAULT.fault());
    const answer = await reconcile.invoke(sqsEvent(VICTIM));
    expect(lane.border.mend()).toBeGreaterThan(0);
    expect(retriedOf(answer)).toEqual([]);
    expect(await take(lane.settings.SOURCE_QUEUE_URL)).toEqual([]);
    expect(reconcile.log().slice(printed)).toContain('repository not asked for');
    const status = await lane.status('victim');
    expect(status.status).toBe('in sync');
    expect((status.observedAt ?? '') >= startedAt).toBe(true);

    await source.invoke(sqsEvent({ repository: git.url }));
    expect((await lane.stores.state.get('victim'))?.renderedFrom).toContain(git.url);
  });
});
