import { isJsonObject, type JsonValue } from '../../manifests/json.ts';
import { groupOf, type KubernetesObject, type ManagedFieldsEntry } from '../../manifests/object.ts';
import { podSpecsOf } from '../../manifests/pod-specs.ts';
import type { IgnoreRule } from '../../settings/field-settings.ts';
import { holdsPath } from '../managed-fields.ts';
import type { ClassifyManager } from '../managers.ts';
import type { Path } from '../path.ts';

/** Rules that hold of a desired state without being asked for: what its autoscalers scale is theirs. */
export function builtInRules(objects: readonly KubernetesObject[], defaultNamespace: string): readonly IgnoreRule[] {
  return objects.flatMap((object): readonly IgnoreRule[] => {
    const { kind, spec } = object;
    if (!isJsonObject(spec)) return [];
    const namespace = object.metadata.namespace ?? defaultNamespace;
    const group = groupOf(object.apiVersion);
    const scales = (group === 'autoscaling' && kind === 'HorizontalPodAutoscaler') || (group === 'keda.sh' && kind === 'ScaledObject');
    if (scales) return scaled(spec.scaleTargetRef, namespace, ['/spec/replicas']);
    if (group === 'autoscaling.k8s.io' && kind === 'VerticalPodAutoscaler' && sizes(spec.updatePolicy)) {
      return scaled(spec.targetRef, namespace, RESOURCES);
    }
    return [];
  });
}

const RESOURCES = ['/spec/template/spec/containers/*/resources', '/spec/template/spec/initContainers/*/resources'];

/** The HPAs among some objects, as `namespace/name`. */
export function autoscalersOf(objects: readonly KubernetesObject[], defaultNamespace: string): ReadonlySet<string> {
  const autoscalers = objects.filter(({ apiVersion, kind }) => groupOf(apiVersion) === 'autoscaling' && kind === 'HorizontalPodAutoscaler');
  return new Set(autoscalers.map(({ metadata }) => `${metadata.namespace ?? defaultNamespace}/${metadata.name}`));
}

/** A recommendation alone changes nothing. */
function sizes(updatePolicy: JsonValue | undefined): boolean {
  return !isJsonObject(updatePolicy) || updatePolicy.updateMode !== 'Off';
}

function scaled(reference: JsonValue | undefined, namespace: string, pointers: readonly string[]): readonly IgnoreRule[] {
  if (!isJsonObject(reference) || typeof reference.name !== 'string') return [];
  const { name, kind = 'Deployment', apiVersion = 'apps/v1' } = reference;
  if (typeof kind !== 'string' || typeof apiVersion !== 'string') return [];
  return [{ group: groupOf(apiVersion), kind, namespace, name, pointers: [...pointers] }];
}

export const REPLICAS: Path = [{ field: 'spec' }, { field: 'replicas' }];

/**
 * Paths that are the cluster's to fill in, as the live object shows: replicas that a controller has set by scaling, unless it is known to scale
 * them no longer (`isScaled`), replicas that Git does not state (released, they would fall back to one), the rules of an aggregated ClusterRole,
 * and a CA bundle that a controller has put in.
 */
export function builtInPaths(
  desired: KubernetesObject,
  live: KubernetesObject,
  classify: ClassifyManager,
  isScaled: boolean,
): readonly Path[] {
  const entries = live.metadata.managedFields ?? [];
  const paths: Path[] = [];
  const scales = isScaled && entries.some((entry) => isScaledBy(entry, classify));
  if (isWorkload(desired) && (!statesReplicas(desired) || scales)) paths.push(REPLICAS);
  if (desired.kind === 'ClusterRole' && isJsonObject(desired.aggregationRule)) paths.push([{ field: 'rules' }]);
  const injected = caBundlePaths(desired).filter((path) =>
    entries.some(
      ({ manager = '', fieldsV1, operation }) =>
        fieldsV1 !== undefined && operation === 'Update' && classify(manager) !== 'person' && holdsPath(fieldsV1, path),
    ),
  );
  return [...paths, ...injected];
}

function isWorkload(object: KubernetesObject): boolean {
  return ['Deployment', 'ReplicaSet', 'StatefulSet', 'ReplicationController'].includes(object.kind) && podSpecsOf(object).length > 0;
}

/** Whether the built-in rule of unstated replicas is all that is ignored of it: nobody asked for it, and there is nothing to tell of it. */
export function isUnstated(path: Path, desired: KubernetesObject): boolean {
  return path === REPLICAS && !statesReplicas(desired);
}

function statesReplicas({ spec }: KubernetesObject): boolean {
  return isJsonObject(spec) && spec.replicas !== undefined;
}

function isScaledBy({ manager = '', subresource, fieldsV1 }: ManagedFieldsEntry, classify: ClassifyManager): boolean {
  return subresource === 'scale' && fieldsV1 !== undefined && classify(manager) === 'controller' && holdsPath(fieldsV1, REPLICAS);
}

/** In whose name the HPA controller scales. */
const HPA_CONTROLLER = 'kube-controller-manager';

/** Whether nothing but the HPA controller has scaled a workload whose replicas Git states. Other controllers scale by themselves. */
export function isScaledByHpa(desired: KubernetesObject, live: KubernetesObject, classify: ClassifyManager): boolean {
  const entries = (live.metadata.managedFields ?? []).filter((entry) => isScaledBy(entry, classify));
  return isWorkload(desired) && statesReplicas(desired) && entries.length > 0 && entries.every(({ manager }) => manager === HPA_CONTROLLER);
}

function caBundlePaths({ apiVersion, kind, webhooks }: KubernetesObject): readonly Path[] {
  const bundle = { field: 'caBundle' };
  const clientConfig = { field: 'clientConfig' };
  if (kind === 'APIService') return [[{ field: 'spec' }, bundle]];
  if (kind === 'CustomResourceDefinition') {
    return [[{ field: 'spec' }, { field: 'conversion' }, { field: 'webhook' }, clientConfig, bundle]];
  }
  if (groupOf(apiVersion) !== 'admissionregistration.k8s.io' || !Array.isArray(webhooks)) return [];
  return webhooks.flatMap((webhook: unknown) => {
    const name = isJsonObject(webhook) ? webhook.name : undefined;
    return typeof name === 'string' ? [[{ field: 'webhooks' }, { keys: { name } }, clientConfig, bundle]] : [];
  });
}
