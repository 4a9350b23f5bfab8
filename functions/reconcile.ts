import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middy from '@middy/core';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { ulid } from 'ulidx';
import { systemClock } from '../lib/clock.ts';
import { createClusterConnector } from '../lib/cluster-connector.ts';
import { failureOf } from '../lib/errors.ts';
import { type ClusterEntry, ClusterMessage, createQueueClient, createQueues, retryBusy, type SourceMessage } from '../lib/fleet/index.ts';
import { reconcileCluster, sayFailed } from '../lib/reconcile/index.ts';
import { createSecretReader, createSecretsClient } from '../lib/secrets.ts';
import { createFunctionBase, deadline } from './function-base.ts';

const { settings, logger, metrics, count, stores, recorder } = createFunctionBase('reconcile');
const queues = createQueues(createQueueClient(), { sources: settings.SOURCE_QUEUE_URL, clusters: settings.CLUSTER_QUEUE_URL });
const dependencies = {
  connect: createClusterConnector(createSecretReader(createSecretsClient()), systemClock),
  artifacts: stores.artifacts,
  state: stores.state,
  leases: stores.leases,
  records: stores.records,
  recorder,
  pollSource,
  clock: systemClock,
  random: Math.random,
  deployment: settings.DEPLOYMENT,
};
const processor = new BatchProcessor(EventType.SQS);

/** One message is one cluster. A cluster's own failure is an outcome; a throw means that the message is tried again. */
async function handleRecord(record: SQSRecord, context: Context): Promise<void> {
  const message = ClusterMessage.parse(JSON.parse(record.body));
  const { cluster, reason } = message;
  count('RunsFailed', 0);
  const signal = deadline(context, settings.CLUSTER_TIMEOUT_SECONDS * 1000);
  const entry = await readEntry(cluster, signal);
  if (entry === undefined || 'invalid' in entry) {
    // Its row was removed or broken since the tick; the schedule writes the status of a broken one.
    logger.info('cluster skipped', { cluster, reason: entry === undefined ? 'Removed' : entry.invalid.reason });
    return;
  }
  const { outcome, records } = await reconcileCluster(entry.row, dependencies, { signal, runId: ulid(), ...tickOf(message, record) });
  if (outcome === 'skipped') {
    const again = retryBusy(message, dependencies.random());
    if (again !== undefined) await queues.sendClusters([again]);
  }
  logger.info('cluster reconciled', { cluster, reason, outcome, records: records.length });
}

async function readEntry(cluster: string, signal: AbortSignal): Promise<ClusterEntry | undefined> {
  try {
    return await stores.clusters.get(cluster, signal);
  } catch (error) {
    await sayFailed(cluster, error, stores.state);
    throw error;
  }
}

/** The poll of the next minute does the same: nothing of the run depends on it. */
async function pollSource(message: SourceMessage): Promise<void> {
  try {
    await queues.sendSources([message]);
  } catch (error) {
    logger.warn('repository not asked for', { repository: message.repository, ...failureOf(error) });
  }
}

/** A message that found its cluster busy is sent again, and is as old as the last time. */
function tickOf({ reason }: ClusterMessage, { attributes }: SQSRecord): { readonly tickAt?: Date } {
  return reason === 'tick' ? { tickAt: new Date(Number(attributes.SentTimestamp)) } : {};
}

export const handler = middy<SQSEvent, SQSBatchResponse>()
  .use(injectLambdaContext(logger))
  .use(logMetrics(metrics))
  .handler((event, context) => processPartialResponse(event, (record: SQSRecord) => handleRecord(record, context), processor, { context }));
