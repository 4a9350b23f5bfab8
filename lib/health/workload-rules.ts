import type { KubernetesObject } from '../manifests/object.ts';
import { current, failed, type HealthAssessment, inProgress } from './assessment.ts';
import { conditionOf, countAt, numberAt, textAt, valueAt } from './fields.ts';

/** What kstatus takes for "no deadline", as the Deployment controller does. */
const NO_DEADLINE = 2 ** 31 - 1;

export function assessDeployment(object: KubernetesObject): HealthAssessment {
  const progressing = conditionOf(object, 'Progressing');
  if (progressing?.reason === 'ProgressDeadlineExceeded') return failed(progressing.reason, progressing.message);
  const paused = valueAt(object, 'spec', 'paused') === true;
  const desired = replicasOf(object);
  const { replicas, updated, available, ready } = countsOf(object);
  const failure = conditionOf(object, 'ReplicaFailure');
  if (replicas < desired || updated < desired) {
    // What stands in the way says more than how many are missing.
    if (failure?.status === 'True') return inProgress(failure.reason ?? 'ReplicaFailure', failure.message);
    if (!paused || replicas < desired) return fewer(replicas < desired ? 'replicas' : 'updated', Math.min(replicas, updated), desired);
  }
  if (replicas > desired) return inProgress('ExtraPods', `${replicas - desired} old replicas are still there`);
  if (available < desired) return fewer('available', available, desired);
  if (ready < desired) return fewer('ready', ready, desired);
  const deadline = numberAt(object, 'spec', 'progressDeadlineSeconds') ?? NO_DEADLINE;
  // Without a deadline the controller writes no such condition.
  const complete = deadline === NO_DEADLINE || (progressing?.status === 'True' && progressing.reason === 'NewReplicaSetAvailable');
  if (!complete && !paused) return inProgress('ReplicaSetNotAvailable', progressing?.message ?? 'its new ReplicaSet is not available yet');
  const availability = conditionOf(object, 'Available');
  if (availability?.status !== 'True') return inProgress('DeploymentNotAvailable', availability?.message ?? 'it is not available yet');
  if (paused) return current('Paused', 'its rollout is paused (spec.paused)');
  return current('Available', `${desired} of ${desired} replicas are updated and available`);
}

/** With `OnDelete` a person decides which pods are replaced, so only readiness is asked for; kstatus asks for nothing at all. */
export function assessStatefulSet(object: KubernetesObject): HealthAssessment {
  const desired = replicasOf(object);
  const { replicas, updated, ready, available } = countsOf(object);
  if (replicas < desired) return fewer('replicas', replicas, desired);
  if (ready < desired) return fewer('ready', ready, desired);
  if (numberAt(object, 'spec', 'minReadySeconds') !== undefined && available < desired) return fewer('available', available, desired);
  if (replicas > desired) return inProgress('ExtraPods', `${replicas - desired} replicas are still there`);
  if (textAt(object, 'spec', 'updateStrategy', 'type') === 'OnDelete')
    return current('OnDelete', `${ready} of ${desired} replicas are ready; pods are replaced when somebody deletes them`);
  const partition = numberAt(object, 'spec', 'updateStrategy', 'rollingUpdate', 'partition') ?? 0;
  if (partition > 0) {
    const wanted = Math.max(0, desired - partition);
    if (updated < wanted) return fewer('updated', updated, wanted, 'PartitionRollout');
    return current('PartitionRollout', `${updated} replicas from ordinal ${partition} on are updated`);
  }
  const ofCurrentRevision = countAt(object, 'status', 'currentReplicas');
  if (ofCurrentRevision < desired) return fewer('current', ofCurrentRevision, desired);
  if (textAt(object, 'status', 'currentRevision') !== textAt(object, 'status', 'updateRevision'))
    return inProgress('RevisionMismatch', 'not every pod is of the new revision');
  return current('Ready', `${desired} of ${desired} replicas are updated and ready`);
}

export function assessDaemonSet(object: KubernetesObject): HealthAssessment {
  const desired = numberAt(object, 'status', 'desiredNumberScheduled');
  if (desired === undefined) return inProgress('NoDesiredNumber', 'the controller has not counted its nodes yet');
  const checks = [
    ['scheduled', 'currentNumberScheduled'],
    ['updated', 'updatedNumberScheduled'],
    ['available', 'numberAvailable'],
    ['ready', 'numberReady'],
  ] as const;
  const onDelete = textAt(object, 'spec', 'updateStrategy', 'type') === 'OnDelete';
  for (const [what, field] of checks) {
    const found = countAt(object, 'status', field);
    if (found < desired && !(onDelete && what === 'updated')) return fewer(what, found, desired);
  }
  return current('Ready', `${desired} of ${desired} pods are updated and available`);
}

/** Of ReplicationControllers too. */
export function assessReplicaSet(object: KubernetesObject): HealthAssessment {
  const failure = conditionOf(object, 'ReplicaFailure');
  if (failure?.status === 'True') return inProgress(failure.reason ?? 'ReplicaFailure', failure.message);
  const desired = replicasOf(object);
  const { replicas, available, ready } = countsOf(object);
  const labelled = countAt(object, 'status', 'fullyLabeledReplicas');
  if (labelled < desired) return fewer('labelled', labelled, desired);
  if (available < desired) return fewer('available', available, desired);
  if (ready < desired) return fewer('ready', ready, desired);
  if (replicas > desired) return inProgress('ExtraPods', `${replicas - desired} replicas are still there`);
  return current('Available', `${desired} of ${desired} replicas are available`);
}

function replicasOf(object: KubernetesObject): number {
  return numberAt(object, 'spec', 'replicas') ?? 1;
}

function countsOf(object: KubernetesObject) {
  const count = (field: string) => countAt(object, 'status', field);
  return {
    replicas: count('replicas'),
    updated: count('updatedReplicas'),
    available: count('availableReplicas'),
    ready: count('readyReplicas'),
  };
}

/** kstatus' reasons: LessReplicas, LessUpdated, LessAvailable, LessReady, LessCurrent. */
function fewer(what: string, found: number, wanted: number, reason = `Less${what.charAt(0).toUpperCase()}${what.slice(1)}`) {
  return inProgress(reason, `${what}: ${found} of ${wanted}`);
}
