import { ApiError } from '../kubernetes/api-error.ts';
import type { ApiResource, KubernetesClient } from '../kubernetes/client.ts';
import { isJsonArray, isJsonObject } from '../manifests/json.ts';
import type { KubernetesObject } from '../manifests/object.ts';
import { objectsAt, textAt, valueAt } from './fields.ts';
import { type PodReason, podReasonOf, revisionLabel } from './pod-reason.ts';

/** Enough to see what ails a workload, however many pods it has. */
const MAX_PODS = 50;
/** Ten old ones are kept unless a Deployment says otherwise. */
const MAX_REPLICA_SETS = 100;

const PODS: ApiResource = { group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true, verbs: ['list'] };
const REPLICA_SETS: ApiResource = {
  group: 'apps',
  version: 'v1',
  kind: 'ReplicaSet',
  plural: 'replicasets',
  namespaced: true,
  verbs: ['list'],
};

/**
 * Asks the pods of a workload why it is not healthy: one list of a few, and one of ReplicaSets for a Deployment. Undefined when it selects no
 * pods or they have no reason. Pods that may not be read are a reason of their own, and fail nothing.
 */
export async function readPodReason(
  client: Pick<KubernetesClient, 'list'>,
  workload: KubernetesObject,
  now: Date,
  signal: AbortSignal,
): Promise<PodReason | undefined> {
  const labelSelector = podSelectorOf(workload);
  if (labelSelector === undefined) return undefined;
  const options = { labelSelector, namespace: workload.metadata.namespace ?? '' };
  try {
    const replicaSets =
      workload.kind === 'Deployment' ? await client.list(REPLICA_SETS, { ...options, atMost: MAX_REPLICA_SETS }, signal) : [];
    const newest = revisionLabel(workload, replicaSets);
    const narrowed = newest === undefined ? labelSelector : `${labelSelector},${newest.key}=${newest.value}`;
    const pods = await client.list(PODS, { ...options, labelSelector: narrowed, atMost: MAX_PODS }, signal);
    return podReasonOf(workload, { pods, replicaSets }, now);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { reason: 'PodsUnreadable', message: `its pods cannot be read: ${error.message}`, conclusive: false };
  }
}

const WORKLOADS: ReadonlySet<string> = new Set([
  ...['v1/ReplicationController', 'apps/v1/Deployment', 'apps/v1/StatefulSet', 'apps/v1/DaemonSet', 'apps/v1/ReplicaSet', 'batch/v1/Job'],
]);

/** The label selector of a workload's pods, as the API writes it; undefined of what has none, or one that would select every pod. */
export function podSelectorOf(workload: KubernetesObject): string | undefined {
  if (!WORKLOADS.has(`${workload.apiVersion}/${workload.kind}`)) return undefined;
  const selector = valueAt(workload, 'spec', 'selector');
  const labels = workload.kind === 'ReplicationController' ? selector : valueAt(selector, 'matchLabels');
  const equal = isJsonObject(labels) ? Object.entries(labels).map(([key, value]) => `${key}=${String(value)}`) : [];
  const others = objectsAt(selector, 'matchExpressions').flatMap((expression) => {
    const key = textAt(expression, 'key');
    const values = isJsonArray(expression.values) ? expression.values.map(String).join(',') : '';
    switch (expression.operator) {
      case 'In':
        return [`${key} in (${values})`];
      case 'NotIn':
        return [`${key} notin (${values})`];
      case 'Exists':
        return [`${key}`];
      case 'DoesNotExist':
        return [`!${key}`];
      default:
        return [];
    }
  });
  const terms = [...equal, ...others];
  return terms.length === 0 ? undefined : terms.join(',');
}
