import type { JsonObject } from '../manifests/json.ts';
import type { KubernetesObject } from '../manifests/object.ts';
import { shorten } from './assessment.ts';
import { conditionOf, conditionsOf, countAt, numberAt, objectsAt, textAt, valueAt } from './fields.ts';

/** Why a workload does not become healthy, from its pods: their containers say what no condition of the workload does. */
export interface PodReason {
  /** The kubelet's or the scheduler's own word, or `QuotaExceeded`, `OOMKilled`, `NotReady`. */
  readonly reason: string;
  /** With the pod's and the container's name; without what containers print, which may hold secrets. */
  readonly message: string;
  /** Waiting alone will not help. */
  readonly conclusive: boolean;
}

export interface WorkloadPods {
  readonly pods: readonly KubernetesObject[];
  /** Only of a Deployment. */
  readonly replicaSets: readonly KubernetesObject[];
}

/** A new node takes a few minutes to come; a pod that waits for one longer waits for something else. */
const UNSCHEDULABLE_MINUTES = 5;

const IMAGE_REASONS: ReadonlySet<string> = new Set([
  ...['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull', 'ImageInspectError'],
  ...['RegistryUnavailable', 'SignatureValidationFailed'],
]);
const CONFIGURATION_REASONS: ReadonlySet<string> = new Set(['CreateContainerConfigError', 'CreateContainerError', 'RunContainerError']);

/** The reason that explains most; undefined when the pods have none to give. */
export function podReasonOf(workload: KubernetesObject, { pods, replicaSets }: WorkloadPods, now: Date): PodReason | undefined {
  const newest = newestReplicaSet(workload, replicaSets);
  const label = revisionLabel(workload, replicaSets);
  const refused = [workload, ...(newest === undefined ? [] : [newest])].flatMap(creationFailure)[0];
  if (refused !== undefined) return refused;
  const found = pods
    .filter(
      ({ metadata }) => metadata.deletionTimestamp === undefined && (label === undefined || metadata.labels?.[label.key] === label.value),
    )
    .flatMap((pod) => reasonOfPod(pod, now).map((reason) => ({ pod, reason })));
  const best = found.find(({ reason }) => reason.conclusive) ?? found[0];
  if (best === undefined) return undefined;
  const others = new Set(found.filter(({ reason }) => reason.reason === best.reason.reason).map(({ pod }) => pod.metadata.name)).size - 1;
  const more = others === 0 ? '' : ` (and ${others} more)`;
  return { ...best.reason, message: shorten(`pod ${best.pod.metadata.name}${more}: ${best.reason.message}`) };
}

/**
 * What only pods of the version that is being rolled out carry: what ails the old ones may be what the new one mends. Undefined where that cannot
 * be told.
 */
export function revisionLabel(
  workload: KubernetesObject,
  replicaSets: readonly KubernetesObject[],
): { readonly key: string; readonly value: string } | undefined {
  const hash = newestReplicaSet(workload, replicaSets)?.metadata.labels?.['pod-template-hash'];
  if (hash !== undefined) return { key: 'pod-template-hash', value: hash };
  const revision = workload.kind === 'StatefulSet' ? textAt(workload, 'status', 'updateRevision') : undefined;
  return revision === undefined ? undefined : { key: 'controller-revision-hash', value: revision };
}

function newestReplicaSet(workload: KubernetesObject, replicaSets: readonly KubernetesObject[]): KubernetesObject | undefined {
  const revision = ({ metadata }: KubernetesObject) => Number(metadata.annotations?.['deployment.kubernetes.io/revision'] ?? 0);
  const own = replicaSets.filter(({ metadata }) =>
    objectsAt(metadata, 'ownerReferences').some(({ uid }) => uid !== undefined && uid === workload.metadata.uid),
  );
  return own.toSorted((a, b) => revision(b) - revision(a))[0];
}

/** Pods that the API server refused to create: there are none to ask. */
function creationFailure(object: KubernetesObject): readonly PodReason[] {
  const failure = conditionOf(object, 'ReplicaFailure');
  if (failure?.status !== 'True') return [];
  const reason = failure.message.includes('exceeded quota') ? 'QuotaExceeded' : (failure.reason ?? 'FailedCreate');
  return [{ reason, message: shorten(`its pods cannot be created: ${failure.message}`), conclusive: true }];
}

/** The most telling first. */
function reasonOfPod(pod: KubernetesObject, now: Date): readonly PodReason[] {
  if (textAt(pod, 'status', 'phase') === 'Succeeded' || conditionOf(pod, 'Ready')?.status === 'True') return [];
  const statuses = [...objectsAt(pod, 'status', 'initContainerStatuses'), ...objectsAt(pod, 'status', 'containerStatuses')];
  const containers = statuses.flatMap(reasonOfContainer);
  const scheduling = reasonOfScheduling(pod, now);
  const ended = textAt(pod, 'status', 'phase') === 'Failed' ? [endedPod(pod)] : [];
  const all = [...containers, ...scheduling, ...ended, ...readinessGates(pod), ...statuses.flatMap(notReady)];
  return [...all.filter(({ conclusive }) => conclusive), ...all.filter(({ conclusive }) => !conclusive)].slice(0, 1);
}

function reasonOfContainer(status: JsonObject): readonly PodReason[] {
  const name = textAt(status, 'name') ?? 'unnamed';
  const waiting = textAt(status, 'state', 'waiting', 'reason');
  const words = textAt(status, 'state', 'waiting', 'message');
  const said = words === undefined ? '' : `: ${words}`;
  if (waiting !== undefined && IMAGE_REASONS.has(waiting)) {
    // The kubelet goes to and fro between these two.
    const reason = waiting === 'ErrImagePull' ? 'ImagePullBackOff' : waiting;
    return [{ reason, message: `container ${name} cannot get its image ${textAt(status, 'image') ?? ''}${said}`, conclusive: true }];
  }
  if (waiting !== undefined && CONFIGURATION_REASONS.has(waiting))
    return [{ reason: waiting, message: `container ${name} cannot be started${said}`, conclusive: true }];
  if (waiting === 'CrashLoopBackOff') {
    const last = valueAt(status, 'lastState', 'terminated');
    const times = countAt(status, 'restartCount');
    const message = `container ${name} crashes again and again (restarted ${times} times); last: ${ending(last)}`;
    return [{ reason: textAt(last, 'reason') === 'OOMKilled' ? 'OOMKilled' : waiting, message, conclusive: true }];
  }
  const terminated = valueAt(status, 'state', 'terminated');
  // Whether it is started again, and how often, is for its workload to say.
  if (terminated !== undefined && numberAt(terminated, 'exitCode') !== 0)
    return [
      { reason: textAt(terminated, 'reason') ?? 'Error', message: `container ${name} ended: ${ending(terminated)}`, conclusive: false },
    ];
  return [];
}

function ending(terminated: unknown): string {
  const code = numberAt(terminated, 'exitCode');
  const reason = textAt(terminated, 'reason');
  const signal = numberAt(terminated, 'signal');
  const words = [reason, code === undefined ? undefined : `exit code ${code}`, signal === undefined ? undefined : `signal ${signal}`];
  return words.filter((word) => word !== undefined).join(', ') || 'no word of it';
}

function reasonOfScheduling(pod: KubernetesObject, now: Date): readonly PodReason[] {
  const scheduled = conditionOf(pod, 'PodScheduled');
  if (scheduled?.status === 'False') {
    const since = Date.parse(scheduled.lastTransitionTime ?? '');
    const conclusive = scheduled.reason === 'Unschedulable' && now.getTime() - since >= UNSCHEDULABLE_MINUTES * 60_000;
    const message = scheduled.message === '' ? 'no node has it yet' : scheduled.message;
    return [{ reason: scheduled.reason ?? 'Pending', message, conclusive }];
  }
  if (textAt(pod, 'spec', 'nodeName') !== undefined) return [];
  return [{ reason: 'Pending', message: 'no node has it yet', conclusive: false }];
}

function endedPod(pod: KubernetesObject): PodReason {
  return {
    reason: textAt(pod, 'status', 'reason') ?? 'PodFailed',
    message: textAt(pod, 'status', 'message') ?? 'it ended with a failure',
    conclusive: false,
  };
}

/** Conditions that something outside the pod has to set, such as a load balancer that has to know it. */
function readinessGates(pod: KubernetesObject): readonly PodReason[] {
  const conditions = conditionsOf(pod);
  if (conditions.find(({ type }) => type === 'ContainersReady')?.status !== 'True') return [];
  return objectsAt(pod, 'spec', 'readinessGates').flatMap((gate) => {
    const type = textAt(gate, 'conditionType');
    const condition = conditions.find((one) => one.type === type);
    if (type === undefined || condition?.status === 'True') return [];
    const words = condition?.message === undefined || condition.message === '' ? '' : `: ${condition.message}`;
    return [{ reason: 'ReadinessGate', message: `its readiness gate ${type} is not true${words}`, conclusive: false }];
  });
}

function notReady(status: JsonObject): readonly PodReason[] {
  const name = textAt(status, 'name') ?? 'unnamed';
  const waiting = textAt(status, 'state', 'waiting', 'reason');
  if (waiting !== undefined) return [{ reason: waiting, message: `container ${name} is not started yet`, conclusive: false }];
  if (valueAt(status, 'state', 'running') === undefined || status.ready === true) return [];
  const what =
    status.started === false ? 'has not started yet, as its startup probe says' : 'runs and is not ready, as its readiness probe says';
  return [{ reason: 'NotReady', message: `container ${name} ${what}`, conclusive: false }];
}
