import { groupOf, type KubernetesObject } from '../manifests/object.ts';
import { current, failed, type HealthAssessment, inProgress } from './assessment.ts';
import { type Condition, conditionOf, objectsAt, textAt, valueAt } from './fields.ts';
import { assessJob, assessPod } from './pod-and-job-rules.ts';
import { assessDaemonSet, assessDeployment, assessReplicaSet, assessStatefulSet } from './workload-rules.ts';

export interface KindRule {
  readonly assess: (object: KubernetesObject) => HealthAssessment;
  /** Whether the kind's controller always writes `status.observedGeneration`: without it nothing has been looked at. */
  readonly observes?: true;
}

/** Kinds whose health is in their status, by `group/Kind`. */
const RULES: Readonly<Record<string, KindRule>> = {
  '/Namespace': { assess: assessNamespace },
  '/PersistentVolume': { assess: assessVolume },
  '/PersistentVolumeClaim': { assess: assessClaim },
  '/Pod': { assess: assessPod },
  '/ReplicationController': { assess: assessReplicaSet, observes: true },
  '/Service': { assess: assessService },
  'apiextensions.k8s.io/CustomResourceDefinition': { assess: assessDefinition },
  'apiregistration.k8s.io/APIService': { assess: assessApiService },
  'apps/DaemonSet': { assess: assessDaemonSet, observes: true },
  'apps/Deployment': { assess: assessDeployment, observes: true },
  'apps/ReplicaSet': { assess: assessReplicaSet, observes: true },
  'apps/StatefulSet': { assess: assessStatefulSet, observes: true },
  'autoscaling/HorizontalPodAutoscaler': { assess: assessAutoscaler },
  'batch/Job': { assess: assessJob },
  'policy/PodDisruptionBudget': { assess: assessDisruptionBudget, observes: true },
};

/** Groups that the API server itself serves: what has no rule there is current once it is stored. */
const BUILT_IN: ReadonlySet<string> = new Set([
  ...['', 'admissionregistration.k8s.io', 'apiextensions.k8s.io', 'apiregistration.k8s.io', 'apps', 'authentication.k8s.io'],
  ...['authorization.k8s.io', 'autoscaling', 'batch', 'certificates.k8s.io', 'coordination.k8s.io', 'discovery.k8s.io', 'events.k8s.io'],
  ...['flowcontrol.apiserver.k8s.io', 'internal.apiserver.k8s.io', 'networking.k8s.io', 'node.k8s.io', 'policy'],
  ...['rbac.authorization.k8s.io', 'resource.k8s.io', 'scheduling.k8s.io', 'storage.k8s.io', 'storagemigration.k8s.io'],
]);

const STORED: KindRule = { assess: () => current('Stored', 'its kind has no health of its own') };

/** The rule of a built-in kind; undefined of custom resources. */
export function kindRuleOf({ apiVersion, kind }: Pick<KubernetesObject, 'apiVersion' | 'kind'>): KindRule | undefined {
  const group = groupOf(apiVersion);
  return RULES[`${group}/${kind}`] ?? (BUILT_IN.has(group) ? STORED : undefined);
}

function assessNamespace(object: KubernetesObject): HealthAssessment {
  const phase = textAt(object, 'status', 'phase');
  return phase === 'Active' ? current('Active', 'it is active') : inProgress('NotActive', `its phase is ${phase ?? 'not set yet'}`);
}

function assessVolume(object: KubernetesObject): HealthAssessment {
  const phase = textAt(object, 'status', 'phase');
  if (phase === 'Failed') return failed(textAt(object, 'status', 'reason') ?? 'Failed', textAt(object, 'status', 'message') ?? 'it failed');
  if (phase === undefined || phase === 'Pending') return inProgress('NotAvailable', `its phase is ${phase ?? 'not set yet'}`);
  return current(phase, `its phase is ${phase}`);
}

function assessClaim(object: KubernetesObject): HealthAssessment {
  const phase = textAt(object, 'status', 'phase');
  if (phase === 'Lost') return failed('Lost', 'the volume that it was bound to is gone');
  if (phase !== 'Bound') return inProgress('NotBound', `it is not bound; its phase is ${phase ?? 'not set yet'}`);
  for (const type of ['ControllerResizeError', 'NodeResizeError']) {
    const error = conditionOf(object, type);
    if (error?.status === 'True') return failed(type, error.message || 'it could not be resized');
  }
  for (const type of ['Resizing', 'FileSystemResizePending']) {
    const resizing = conditionOf(object, type);
    if (resizing?.status === 'True') return inProgress(type, resizing.message || 'it is being resized');
  }
  return current('Bound', 'it is bound');
}

/** kstatus is content with a cluster IP; a load balancer that nobody can reach yet has not done what it was asked for. */
function assessService(object: KubernetesObject): HealthAssessment {
  if (textAt(object, 'spec', 'type') !== 'LoadBalancer') return current('Stored', 'its kind has no health of its own');
  if (objectsAt(object, 'status', 'loadBalancer', 'ingress').length === 0)
    return inProgress('NoLoadBalancer', 'its load balancer has no address yet');
  return current('LoadBalancerReady', 'its load balancer has an address');
}

function assessDefinition(object: KubernetesObject): HealthAssessment {
  const names = conditionOf(object, 'NamesAccepted');
  if (names?.status === 'False') return failed(names.reason ?? 'NamesNotAccepted', names.message);
  const established = conditionOf(object, 'Established');
  if (established?.status === 'True') return current('Established', 'its kind is served');
  if (established?.status === 'False' && established.reason !== 'Installing')
    return failed(established.reason ?? 'NotEstablished', established.message);
  return inProgress('Installing', 'its kind is not served yet');
}

/** The server behind it may still start: only time tells that from one that never will. */
function assessApiService(object: KubernetesObject): HealthAssessment {
  const available = conditionOf(object, 'Available');
  if (available?.status === 'True') return current('Available', 'its API is served');
  return inProgress(available?.reason ?? 'NotAvailable', available?.message || 'its API is not served yet');
}

function assessAutoscaler(object: KubernetesObject): HealthAssessment {
  const able = conditionOf(object, 'AbleToScale');
  const active = conditionOf(object, 'ScalingActive');
  if (able === undefined && active === undefined) {
    // autoscaling/v1 has its conditions in an annotation only, and replicas once it has looked.
    if (valueAt(object, 'status', 'desiredReplicas') !== undefined && object.apiVersion === 'autoscaling/v1')
      return current('Observed', 'its controller has looked at its target');
    return inProgress('NotObserved', 'its controller has not looked at its target yet');
  }
  const obstacle = [able, active].find((condition) => condition?.status === 'False' && condition.reason !== 'ScalingDisabled');
  if (obstacle !== undefined) return inProgress(obstacle.reason ?? obstacle.type, obstacle.message);
  return current('ScalingActive', 'it can scale its target');
}

function assessDisruptionBudget(object: KubernetesObject): HealthAssessment {
  const sync: Condition | undefined = conditionOf(object, 'DisruptionAllowed');
  if (sync?.reason === 'SyncFailed') return failed('SyncFailed', sync.message);
  return current('Observed', 'its controller has counted its pods');
}
