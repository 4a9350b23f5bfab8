import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middy from '@middy/core';
import { ulid } from 'ulidx';
import { systemClock } from '../lib/clock.ts';
import { createClusterConnector } from '../lib/cluster-connector.ts';
import { createImageRegistry } from '../lib/image-registry.ts';
import { auditError, createPodAuditor, runAudit } from '../lib/images/index.ts';
import { createSecretReader, createSecretsClient } from '../lib/secrets.ts';
import { createFunctionBase, deadline } from './function-base.ts';

const { settings, logger, metrics, count, stores, recorder } = createFunctionBase('audit');
const readSecret = createSecretReader(createSecretsClient());
const registry = createImageRegistry({ deployment: settings.DEPLOYMENT, readSecret }, systemClock);
const auditPods = createPodAuditor({
  connect: createClusterConnector(readSecret, systemClock),
  contents: registry,
  store: stores.imageContents,
  seen: new Map(),
  clock: systemClock,
});
const dependencies = {
  clusters: stores.clusters,
  state: stores.state,
  artifacts: stores.artifacts,
  registry,
  history: stores.tagHistory,
  auditPods,
  recorder,
  clock: systemClock,
  newRunId: () => ulid(),
};

/** Holds every image in use against its registry. What could not be asked of one cluster is logged and stops no other; what our own tables did not give or take fails it in the end. */
export const handler = middy()
  .use(injectLambdaContext(logger))
  .use(logMetrics(metrics))
  .handler(async (_event, context) => {
    count('ImageFindingsOpened', 0);
    const outcomes = await runAudit(dependencies, deadline(context));
    for (const outcome of outcomes) {
      if ('failure' in outcome) logger.warn('images not audited', { ...outcome });
      else if (outcome.notKept !== undefined) logger.warn('images audited in part', { ...outcome });
      else if (outcome.podFailure !== undefined) logger.warn('pods not audited', { ...outcome });
    }
    logger.info('audit', { clusters: outcomes.length });
    const error = auditError(outcomes);
    if (error !== undefined) throw error;
  });
