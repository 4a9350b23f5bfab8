import type { KubernetesObject } from '../manifests/object.ts';
import { current, failed, type HealthAssessment, type HealthStatus, inProgress, unknown } from './assessment.ts';
import { conditionOf, countAt, numberAt, objectsAt, textAt } from './fields.ts';

/** kstatus calls a failed pod current, since it has ended; a pod that Git asks for has failed. */
export function assessPod(object: KubernetesObject): HealthAssessment {
  const phase = textAt(object, 'status', 'phase');
  switch (phase) {
    case undefined:
      return inProgress('PodNotObserved', 'it has no phase yet');
    case 'Succeeded':
      return current('Succeeded', 'it ended well');
    case 'Failed':
      return failed(textAt(object, 'status', 'reason') ?? 'PodFailed', textAt(object, 'status', 'message') ?? 'it ended with a failure');
    case 'Running':
      return assessRunningPod(object);
    case 'Pending':
      return assessPendingPod(object);
    case 'Unknown':
      return unknown('PodUnknown', 'its node does not say what became of it');
    default:
      return unknown('UnknownPhase', `its phase is ${JSON.stringify(phase.slice(0, 80))}`);
  }
}

function assessRunningPod(object: KubernetesObject): HealthAssessment {
  const ready = conditionOf(object, 'Ready');
  if (ready?.status === 'True') return current('Ready', 'it is ready');
  const looping = objectsAt(object, 'status', 'containerStatuses')
    .filter((status) => textAt(status, 'state', 'waiting', 'reason') === 'CrashLoopBackOff')
    .map((status) => textAt(status, 'name') ?? 'unnamed');
  if (looping.length > 0) return failed('ContainerCrashLooping', `these containers crash again and again: ${looping.join(', ')}`);
  return inProgress('PodRunningNotReady', ready?.message || 'it runs and is not ready');
}

function assessPendingPod(object: KubernetesObject): HealthAssessment {
  const scheduled = conditionOf(object, 'PodScheduled');
  if (scheduled?.status === 'False') return inProgress(scheduled.reason ?? 'PodNotScheduled', scheduled.message || 'no node has it yet');
  return inProgress('PodPending', 'its containers are not started yet');
}

/** kstatus calls a job current as soon as it runs; what Git asks for is that it ends well. */
export function assessJob(object: KubernetesObject): HealthAssessment {
  const succeeded = countAt(object, 'status', 'succeeded');
  if (conditionOf(object, 'Complete')?.status === 'True') return current('Complete', `it ended well; succeeded: ${succeeded}`);
  const failure = conditionOf(object, 'Failed') ?? conditionOf(object, 'FailureTarget');
  if (failure?.status === 'True') return failed(failure.reason ?? 'JobFailed', failure.message || 'it failed');
  if (conditionOf(object, 'Suspended')?.status === 'True') return current('Suspended', 'it is suspended (spec.suspend)');
  if (textAt(object, 'status', 'startTime') === undefined) return inProgress('JobNotStarted', 'it has not started yet');
  const counts = ['active', 'failed'].map((field) => `${field}: ${countAt(object, 'status', field)}`);
  return inProgress('JobRunning', `it runs; succeeded: ${succeeded}, ${counts.join(', ')}`);
}

/**
 * What to think of a desired Job that we created, that is absent, and of which Git still says the same: one with a TTL was finished, since the
 * TTL removes nothing else, and is not created again. Undefined where the TTL does not explain it: then it is missing.
 *
 * `last` is what was last known of it: a failure stays one when its Job is gone.
 */
export function assessRemovedJob(desired: KubernetesObject, last: HealthStatus | undefined): HealthAssessment | undefined {
  if (desired.kind !== 'Job' || !desired.apiVersion.startsWith('batch/')) return undefined;
  const seconds = numberAt(desired, 'spec', 'ttlSecondsAfterFinished');
  if (seconds === undefined) return undefined;
  if (last === 'failed') return failed('JobFailed', `it failed, and its TTL of ${seconds} s removed it`);
  return current('RemovedByTtl', `it finished, and its TTL of ${seconds} s removed it`);
}
