import { Logger } from '@aws-lambda-powertools/logger';
import type { Metrics } from '@aws-lambda-powertools/metrics';
import type { Context } from 'aws-lambda';
import { systemClock } from '../lib/clock.ts';
import { loadSettings, type Settings } from '../lib/config.ts';
import { createStoreClients, createStores, type Stores } from '../lib/deployment.ts';
import { createMetrics } from '../lib/records/emf.ts';
import { createRecorder, createRecordIds, formatRecordLine, type MetricName, type Recorder } from '../lib/records/index.ts';

/** What is left of an invocation when its work must end: enough to record what was done. */
const RESERVE_MS = 10_000;

/** What every function is made of. */
export interface FunctionBase {
  readonly settings: Settings;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly count: (metric: MetricName, value: number) => void;
  readonly stores: Stores;
  readonly recorder: Recorder;
}

/** Built once per execution environment: a bad setting fails the start-up, not the first cluster. */
export function createFunctionBase(serviceName: string): FunctionBase {
  const settings = loadSettings(process.env);
  const logger = new Logger({ serviceName });
  const { metrics, count } = createMetrics(settings.DEPLOYMENT);
  const stores = createStores(settings, createStoreClients(), systemClock);
  const recorder = createRecorder({
    records: stores.records,
    log: (record) => console.log(formatRecordLine(record)),
    count,
    clock: systemClock,
    createIds: createRecordIds,
  });
  return { settings, logger, metrics, count, stores, recorder };
}

/** Ends in time to record, whatever share of the invocation was asked for. */
export function deadline(context: Pick<Context, 'getRemainingTimeInMillis'>, shareMs = Number.POSITIVE_INFINITY): AbortSignal {
  return AbortSignal.timeout(Math.max(0, Math.min(shareMs, context.getRemainingTimeInMillis() - RESERVE_MS)));
}
