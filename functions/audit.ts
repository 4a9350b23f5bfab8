import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middy from '@middy/core';
import { ulid } from 'ulidx';
import { systemClock } from '../lib/clock.ts';
import { createClusterConnector } from '../lib/cluster-connector.ts';
import type { ClusterRow } from '../lib/fleet/index.ts';
import { createImageRegistry } from '../lib/image-registry.ts';
import {
  AUTO_REROLL_INTERVAL_MS,
  type AuditOutcome,
  auditError,
  auditedThrough,
  CLUSTER_REROLL_INTERVAL_MS,
  createPodAuditor,
  isInRepository,
  isLogDelivery,
  type OptedInCluster,
  parseImageReference,
  type RerollOutcome,
  type RerollTarget,
  readImageAction,
  readLogDelivery,
  recordExecs,
  rerollMismatch,
  restartThroughTemplate,
  runAudit,
} from '../lib/images/index.ts';
import type { KubernetesObject } from '../lib/manifests/object.ts';
import { policyFor, policyOf, writes } from '../lib/reconcile/policy/index.ts';
import type { Fact } from '../lib/records/fact.ts';
import { createSecretReader, createSecretsClient } from '../lib/secrets.ts';
import { createFunctionBase, deadline } from './function-base.ts';

const { settings, logger, metrics, count, stores, recorder } = createFunctionBase('audit');
const readSecret = createSecretReader(createSecretsClient());
const roles = { roleArns: settings.REGISTRY_ROLES, externalId: settings.REGISTRY_EXTERNAL_ID };
const registry = createImageRegistry({ deployment: settings.DEPLOYMENT, readSecret, roles }, systemClock);
/** Until when an image need not be asked for again, by `REGISTRY/REPOSITORY@DIGEST`. */
const seen = new Map<string, number>();
const connectRow = createClusterConnector(readSecret, systemClock);
const connect: typeof connectRow = (row, signal) => connectRow(auditedThrough(row, settings.AUDIT_ROLE_SUFFIX), signal);
const auditPods = createPodAuditor({
  connect,
  store: stores.imageContents,
  seen,
  clock: systemClock,
});
const dependencies = {
  clusters: stores.clusters,
  state: stores.state,
  artifacts: stores.artifacts,
  registry,
  details: registry.details,
  history: stores.tagHistory,
  auditPods: auditPods.whenDue,
  reroll: rerollAndLookAgain,
  recorder,
  clock: systemClock,
  newRunId: () => ulid(),
};

/**
 * Its ticks hold every image in use against its registry, and each hour every pod; an event of ECR those of the repository at once; and a
 * delivery of a cluster's audit log says who reached into a container. What could not be asked of one cluster is logged and stops no
 * other; what our own tables did not give or take fails it in the end.
 */
export const handler = middy()
  .use(injectLambdaContext(logger))
  .use(logMetrics(metrics))
  .handler(async (event: unknown, context) => {
    for (const metric of ['ImageFindingsOpened', 'CriticalImageFindingsOpened', 'HighImageFindingsOpened'] as const) count(metric, 0);
    const signal = deadline(context);
    if (isLogDelivery(event)) return await recordDelivery(event, context.invokedFunctionArn, signal);
    const repository = readImageAction(event);
    if (repository === undefined) return report(await runAudit(dependencies, signal));
    registry.details.forget((image) => isInRepository(image, repository));
    for (const image of seen.keys()) {
      const parsed = parseImageReference(image);
      if (!(parsed instanceof Error) && isInRepository(parsed, repository)) seen.delete(image);
    }
    report(await runAudit({ ...dependencies, auditPods: auditPods.atOnce }, signal, { repository }));
  });

async function rerollAndLookAgain(cluster: OptedInCluster, facts: readonly Fact[], signal: AbortSignal): Promise<readonly RerollOutcome[]> {
  const fieldManager = `image-reroll-${settings.DEPLOYMENT}`;
  const deps = {
    connect,
    contents: registry,
    details: registry.details,
    clock: systemClock,
    leases: stores.leases,
    owner: `audit ${ulid()}`,
    fieldManager,
  };
  const pace = { workloadMs: AUTO_REROLL_INTERVAL_MS, cluster: { ms: CLUSTER_REROLL_INTERVAL_MS, state: stores.state } };
  const reroll = {
    mayWrite: ({ row, artifact }: OptedInCluster, object: KubernetesObject) => {
      const policy = policyFor(policyOf(row, artifact.settings, systemClock.now()), object);
      return writes(policy) && policy.closed.drift === undefined;
    },
    restart: (row: ClusterRow, target: RerollTarget, restarting: AbortSignal) =>
      restartThroughTemplate(row, target, pace, deps, restarting),
  };
  const outcomes = await rerollMismatch(cluster, facts, reroll, signal);
  for (const outcome of outcomes) logger.info('workload runs other bytes', { cluster: cluster.row.cluster, ...outcome });
  if (outcomes.some((outcome) => 'restartedAt' in outcome)) auditPods.soon(cluster.row.cluster);
  return outcomes;
}

async function recordDelivery(event: unknown, functionArn: string, signal: AbortSignal): Promise<void> {
  const log = readLogDelivery(event);
  if (log === undefined) return;
  const [, , , region = ''] = functionArn.split(':');
  const { events, clusters } = await recordExecs(log, { ...dependencies, region }, signal);
  if (events > 0 && clusters.length === 0) logger.warn('no row is of the cluster of this audit log', { eksName: log.eksName, events });
  logger.info('audit log', { eksName: log.eksName, events, clusters: clusters.length });
}

function report(outcomes: readonly AuditOutcome[]): void {
  for (const outcome of outcomes) {
    if ('failure' in outcome) logger.warn('images not audited', { ...outcome });
    else if (outcome.notKept !== undefined) logger.warn('images audited in part', { ...outcome });
    else if (outcome.podFailure !== undefined) logger.warn('pods not audited', { ...outcome });
  }
  logger.info('audit', { clusters: outcomes.length });
  const error = auditError(outcomes);
  if (error !== undefined) throw error;
}
