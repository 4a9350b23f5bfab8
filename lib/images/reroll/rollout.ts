import { isJsonObject } from '../../manifests/json.ts';
import type { KubernetesObject } from '../../manifests/object.ts';

/** What a change of a template would do to the pods of its workload. */
export type Rollout =
  /** Replaces all of its pods, and has at most so many of them down at a time. */
  | { readonly takesDown: number }
  /** Replaces none, or not all. */
  | { readonly refused: string };

/** Deployments of Kubernetes let a quarter of their pods be down where they do not say. */
const DEPLOYMENT_DEFAULT = '25%';

/**
 * How the controller of a workload would roll out a new template, by its strategy and as many pods as it has; percentages are rounded as that
 * controller rounds them. None of the controllers asks PodDisruptionBudgets. Pure.
 */
export function rolloutOf({ kind, spec, status }: KubernetesObject): Rollout {
  const strategy = fieldOf(spec, kind === 'Deployment' ? 'strategy' : 'updateStrategy');
  const type = fieldOf(strategy, 'type') ?? 'RollingUpdate';
  const rolling = fieldOf(strategy, 'rollingUpdate');
  const pods = numberOf(kind === 'DaemonSet' ? fieldOf(status, 'desiredNumberScheduled') : (fieldOf(spec, 'replicas') ?? 1));
  if (fieldOf(spec, 'paused') === true) return { refused: 'its rollouts are paused, so that a restart would replace no pod.' };
  if (type === 'OnDelete') return { refused: 'its update strategy is OnDelete, so that a restart would replace no pod.' };
  if (pods === undefined) return { refused: 'it does not say how many pods it has.' };
  if (kind === 'Deployment' && type === 'Recreate') return { takesDown: pods };
  if (type !== 'RollingUpdate') return { refused: `its update strategy ${String(type).slice(0, 50)} is not one that this version knows.` };
  if (kind === 'StatefulSet' && fieldOf(rolling, 'partition') !== undefined && fieldOf(rolling, 'partition') !== 0) {
    return { refused: 'its update strategy has a partition, so that a restart would not replace all of its pods.' };
  }
  const takesDown = unavailable(kind, rolling, pods);
  return takesDown === undefined ? { refused: 'its maxUnavailable is neither a number nor a percentage.' } : { takesDown };
}

function unavailable(kind: string, rolling: unknown, pods: number): number | undefined {
  const own = fieldOf(rolling, 'maxUnavailable');
  if (kind === 'Deployment') {
    const down = scaled(own ?? DEPLOYMENT_DEFAULT, pods, Math.floor);
    const surge = scaled(fieldOf(rolling, 'maxSurge') ?? DEPLOYMENT_DEFAULT, pods, Math.ceil);
    return down === undefined || surge === undefined ? undefined : atLeastOne(down, surge, pods);
  }
  // One at a time where it does not say. The API of StatefulSets says that it rounds up.
  const down = scaled(own ?? 1, pods, Math.ceil);
  const surge = scaled(kind === 'DaemonSet' ? (fieldOf(rolling, 'maxSurge') ?? 0) : 0, pods, Math.ceil);
  return down === undefined || surge === undefined ? undefined : atLeastOne(down, surge, pods);
}

/** With nothing to spare above or below, a rollout could not begin: then the controllers let one pod go. */
function atLeastOne(down: number, surge: number, pods: number): number {
  return Math.min(pods, down === 0 && surge === 0 ? 1 : down);
}

function scaled(value: unknown, pods: number, round: (exact: number) => number): number | undefined {
  if (typeof value !== 'string') return numberOf(value);
  const [, percent] = /^(\d{1,6})%$/.exec(value) ?? [];
  return percent === undefined ? undefined : round((Number(percent) * pods) / 100);
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : undefined;
}

/** A field of what is an object, if it is one. */
export function fieldOf(value: unknown, field: string): unknown {
  return isJsonObject(value) ? value[field] : undefined;
}
