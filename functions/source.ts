import { tmpdir } from 'node:os';
import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middy from '@middy/core';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { ulid } from 'ulidx';
import { systemClock } from '../lib/clock.ts';
import { createQueueClient, createQueues, SourceMessage } from '../lib/fleet/index.ts';
import { createImageRegistry } from '../lib/image-registry.ts';
import { createContentReader, gateImages, lockImages } from '../lib/images/index.ts';
import { toolsIn } from '../lib/render/index.ts';
import { createSecretReader, createSecretsClient } from '../lib/secrets.ts';
import { notKeptError, processRepository, type SourceDependencies } from '../lib/source/index.ts';
import { createFunctionBase, deadline } from './function-base.ts';

const { settings, logger, metrics, count, stores, recorder } = createFunctionBase('source');
const queues = createQueues(createQueueClient(), { sources: settings.SOURCE_QUEUE_URL, clusters: settings.CLUSTER_QUEUE_URL });
const readSecret = createSecretReader(createSecretsClient());
const roles = { roleArns: settings.REGISTRY_ROLES, externalId: settings.REGISTRY_EXTERNAL_ID };
const registry = createImageRegistry({ deployment: settings.DEPLOYMENT, readSecret, roles }, systemClock);
const contents = createContentReader({ contents: registry, store: stores.imageContents, clock: systemClock });
const dependencies: SourceDependencies = {
  clusters: stores.clusters,
  state: stores.state,
  artifacts: stores.artifacts,
  readSecret,
  lockImages: async (rendered, { imagePolicy, regions }, signal) => {
    const locked = await lockImages(rendered, imagePolicy, { registry, locks: stores.locks, clock: systemClock }, signal);
    return await gateImages(locked, regions, { registry, details: registry.details, contents, clock: systemClock }, signal);
  },
  enqueue: (message) => queues.sendClusters([{ message, delaySeconds: 0 }]),
  recorder,
  clock: systemClock,
  newRunId: () => ulid(),
  git: { environment: process.env, allowInsecure: settings.ALLOW_INSECURE_REPOSITORIES },
  tools: toolsIn(settings.TOOLS_DIRECTORY),
  temporaryDirectory: tmpdir(),
};
const processor = new BatchProcessor(EventType.SQS);

/** One message is one repository. What is wrong with it or with a row that follows it is an outcome; a throw is tried again. */
async function handleRecord(record: SQSRecord, context: Context): Promise<void> {
  const message = SourceMessage.parse(JSON.parse(record.body));
  const summary = await processRepository(message, dependencies, deadline(context));
  const { repository, outcomes } = summary;
  count('SourceFailures', outcomes.filter(({ outcome }) => outcome === 'failed' || outcome === 'not kept').length);
  for (const outcome of outcomes) {
    if (outcome.outcome !== 'unchanged') logger.info('row followed', { repository, ...outcome });
  }
  logger.info('repository followed', { repository, rows: outcomes.length });
  const error = notKeptError(summary);
  if (error !== undefined) throw error;
}

export const handler = middy<SQSEvent, SQSBatchResponse>()
  .use(injectLambdaContext(logger))
  .use(logMetrics(metrics))
  .handler((event, context) => processPartialResponse(event, (record: SQSRecord) => handleRecord(record, context), processor, { context }));
