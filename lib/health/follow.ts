import type { KubernetesObject } from '../manifests/object.ts';
import { redactText } from '../records/redact.ts';
import { type HealthAssessment, shorten } from './assessment.ts';
import { numberAt } from './fields.ts';
import type { PodReason } from './pod-reason.ts';

/** How a rollout or a correction turned out so far. */
export type HealthVerdict = 'healthy' | 'progressing' | 'degraded' | 'timed-out';

/**
 * What a rollout's or a correction's record says of the object's health; also all that the next run has to know to follow it on.
 */
export interface RecordHealth {
  readonly status: HealthVerdict;
  readonly reason: string;
  readonly message: string;
  /** ISO 8601: since when it has been so. */
  readonly at: string;
  /** ISO 8601: when the object was written. */
  readonly since: string;
  /** ISO 8601 */
  readonly deadlineAt: string;
}

export interface FollowUp {
  readonly health: RecordHealth;
  /** Whether the record has news: another status, or another reason why it is degraded. */
  readonly changed: boolean;
  /** It is healthy, or gone: nothing is left to follow. */
  readonly isOver: boolean;
}

/** Pods are asked no earlier: the first seconds of a rollout are nobody's fault. */
const PODS_ASKED_AFTER_SECONDS = 30;

/**
 * Begins to follow an object that was written just now. What Git itself allows it (`progressDeadlineSeconds` of a Deployment,
 * `activeDeadlineSeconds` of a Job) counts where it is longer than `deadlineSeconds`.
 */
export function startFollowing(desired: KubernetesObject, now: Date, deadlineSeconds: number): RecordHealth {
  const own = ['progressDeadlineSeconds', 'activeDeadlineSeconds'].map((field) => numberAt(desired, 'spec', field) ?? 0);
  const seconds = Math.max(deadlineSeconds, ...own);
  const at = now.toISOString();
  const deadlineAt = new Date(now.getTime() + seconds * 1000).toISOString();
  return { status: 'progressing', reason: 'Written', message: 'it was written', at, since: at, deadlineAt };
}

/** Until its controller has looked at it, its pods are still those of the version before. */
const UNOBSERVED: ReadonlySet<string> = new Set(['LatestGenerationNotObserved', 'NotObserved']);

/** Whether its pods are to be asked for a reason. */
export function asksPods({ status, reason }: HealthAssessment, { since }: Pick<RecordHealth, 'since'>, now: Date): boolean {
  if (status === 'failed') return true;
  if (status !== 'in-progress' || UNOBSERVED.has(reason)) return false;
  return now.getTime() - Date.parse(since) >= PODS_ASKED_AFTER_SECONDS * 1000;
}

/**
 * What to say of a followed object after one more look at it. Degraded stays degraded until it is healthy: containers that crash run in
 * between. After the deadline it is followed on, so that a late recovery is seen.
 */
export function followUp(before: RecordHealth, assessment: HealthAssessment, pod: PodReason | undefined, now: Date): FollowUp {
  const status = verdictOf(before, assessment, pod, now);
  const reason = reasonOf(status, before, assessment, pod);
  const isOther = status !== before.status || reason !== before.reason;
  // What waits passes through many reasons, and counts in a message move each minute: neither is news.
  const changed = isOther && (status !== before.status || status === 'degraded');
  const at = changed ? now.toISOString() : before.at;
  const health = isOther ? { ...before, status, reason, message: messageOf(status, before, assessment, pod), at } : before;
  return { health, changed, isOver: status === 'healthy' };
}

/** Of what is degraded only what is sure replaces the reason: pods pass through others in between. */
function reasonOf(status: HealthVerdict, before: RecordHealth, assessment: HealthAssessment, pod: PodReason | undefined): string {
  const found = pod?.reason ?? assessment.reason;
  if (status !== before.status || status !== 'degraded' || pod?.conclusive === true) return found;
  return assessment.status === 'failed' && pod === undefined ? found : before.reason;
}

function verdictOf(before: RecordHealth, { status }: HealthAssessment, pod: PodReason | undefined, now: Date): HealthVerdict {
  if (status === 'current') return 'healthy';
  if (status === 'failed' || pod?.conclusive === true || before.status === 'degraded') return 'degraded';
  return now.getTime() >= Date.parse(before.deadlineAt) ? 'timed-out' : 'progressing';
}

function messageOf(
  verdict: HealthVerdict,
  { since, deadlineAt }: RecordHealth,
  { message }: HealthAssessment,
  pod: PodReason | undefined,
): string {
  // Controllers and kubelets quote registries and providers.
  const why = redactText(pod === undefined ? message : `${message}; ${pod.message}`);
  if (verdict !== 'timed-out') return shorten(why);
  const minutes = Math.round((Date.parse(deadlineAt) - Date.parse(since)) / 60_000);
  return shorten(`it is not healthy ${minutes} min after it was written: ${why}`);
}
