import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middy from '@middy/core';
import { ulid } from 'ulidx';
import { systemClock } from '../lib/clock.ts';
import { failureOf } from '../lib/errors.ts';
import { createQueueClient, createQueues, runSchedule } from '../lib/fleet/index.ts';
import { createFunctionBase, deadline } from './function-base.ts';

const { settings, logger, metrics, count, stores, recorder } = createFunctionBase('schedule');
const queues = createQueues(createQueueClient(), { sources: settings.SOURCE_QUEUE_URL, clusters: settings.CLUSTER_QUEUE_URL });

/** One tick. The gauges come from the state table, so that a dead `reconcile` raises them instead of silencing them. */
export const handler = middy()
  .use(injectLambdaContext(logger))
  .use(logMetrics(metrics))
  .handler(async (_event, context) => {
    const { sources, clusters, statuses, gauges, errors } = await runSchedule(
      { clusters: stores.clusters, state: stores.state, queues, recorder, clock: systemClock, newRunId: () => ulid() },
      deadline(context),
    );
    count('StaleClusters', gauges.StaleClusters);
    count('OldestVerifiedSeconds', gauges.OldestVerifiedSeconds);
    count('FailingClusters', gauges.FailingClusters);
    count('OpenDrift', gauges.OpenDrift);
    count('DegradedRollouts', gauges.DegradedRollouts);
    logger.info('tick', { sources: sources.length, clusters: clusters.length, statuses: statuses.length });
    if (errors.length > 0) throw new AggregateError(errors, errors.map((error) => failureOf(error).message).join(' '));
  });
