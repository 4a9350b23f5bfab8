import { isJsonArray, isJsonObject, type JsonValue } from '../manifests/json.ts';
import type { KubernetesObject } from '../manifests/object.ts';
import { shortHash } from './surface/object-facts.ts';

/** What is remembered of a Job: a hash of what it was created from, and whether it was seen at its end. */
export interface KnownJob {
  readonly hash: string;
  readonly finished?: true;
}

export function isJob({ apiVersion, kind }: Pick<KubernetesObject, 'apiVersion' | 'kind'>): boolean {
  return kind === 'Job' && apiVersion.startsWith('batch/');
}

export function jobHash(desired: KubernetesObject): string {
  return shortHash(desired);
}

/** Whether a live Job has run to its end, well or not. */
export function isFinished(live: KubernetesObject): boolean {
  const status = isJsonObject(live.status) ? live.status : {};
  const conditions: readonly JsonValue[] = isJsonArray(status.conditions) ? status.conditions : [];
  return conditions.some((each) => isJsonObject(each) && (each.type === 'Complete' || each.type === 'Failed') && each.status === 'True');
}

/**
 * Whether a Job that is not there has been run from what Git says: it was seen at its end, or it asks to be taken away then. It is not run
 * again.
 */
export function hasRun(desired: KubernetesObject, known: KnownJob | undefined): boolean {
  if (!isJob(desired) || known?.hash !== jobHash(desired)) return false;
  return known.finished === true || (isJsonObject(desired.spec) && typeof desired.spec.ttlSecondsAfterFinished === 'number');
}

/** Whether its end may come unseen: of what a Job does, nobody who owns its fields is told. */
export function isRunning(desired: KubernetesObject, known: KnownJob | undefined): boolean {
  return isJob(desired) && !(known?.hash === jobHash(desired) && known.finished === true);
}
