import { isDeepStrictEqual } from 'node:util';
import type { JsonValue } from '../manifests/json.ts';
import type { KubernetesObject, ObjectId } from '../manifests/object.ts';
import type { DriftClass } from '../records/record.ts';
import type { Difference } from './diff.ts';
import { indexIn, type Segment, valueAt } from './path.ts';

/** Drift is the cluster moving under an unchanged desired state; a rollout is the desired state moving. */
export type Cause = 'drift' | 'rollout';

export interface Causes {
  readonly drift: readonly Difference[];
  readonly rollout: readonly Difference[];
}

/** What is known of the desired state that the live object was last brought to. */
export interface Baseline {
  /** Undefined when the artifact that had it is gone. */
  readonly object: KubernetesObject | undefined;
}

/**
 * Tells drift from rollout for each path: where Git says something else than it did in the baseline it is a rollout, else drift. Without a
 * baseline everything is a rollout: it is our first contact with the object.
 *
 * What Git says nothing about, now or before, can be the consequence of another path (a strategy that takes its parameters with it): it
 * goes with the rollout where there is one, unless somebody owns it (`isOwned`).
 */
export function divideByCause(
  differences: readonly Difference[],
  desired: KubernetesObject,
  baseline: Baseline | undefined,
  isOwned: (difference: Difference) => boolean,
): Causes {
  const before = baseline?.object;
  if (before === undefined) return { drift: [], rollout: differences };
  const causes = differences.map((difference) => ({ difference, cause: causeOf(difference, before, desired) }));
  const rollsOut = causes.some(({ cause }) => cause === 'rollout');
  const settled = causes.map(({ difference, cause }) => ({
    difference,
    cause: cause ?? (rollsOut && !isOwned(difference) ? 'rollout' : 'drift'),
  }));
  const of = (wanted: Cause) => settled.filter(({ cause }) => cause === wanted).map(({ difference }) => difference);
  return { drift: of('drift'), rollout: of('rollout') };
}

/** Undefined where Git is and was silent. */
function causeOf({ path, shape, items = [] }: Difference, before: KubernetesObject, now: KubernetesObject): Cause | undefined {
  const previous = valueAt(before, path);
  const current = valueAt(now, path);
  if (previous === undefined && current === undefined) return undefined;
  if (previous === undefined || current === undefined) return 'rollout';
  if (shape === 'removed') return 'drift';
  if (shape === 'reordered') return sameOrder(previous, current, items) ? 'drift' : 'rollout';
  return isDeepStrictEqual(previous, current) ? 'drift' : 'rollout';
}

/** Only items that were there before and still are can be out of order. */
function sameOrder(previous: JsonValue, current: JsonValue, items: readonly Segment[]): boolean {
  const common = items.filter((item) => indexIn(previous, item) >= 0 && indexIn(current, item) >= 0);
  const order = (list: JsonValue) => common.toSorted((a, b) => indexIn(list, a) - indexIn(list, b));
  return isDeepStrictEqual(order(previous), order(current));
}

/** The class of an object that is gone: with a namespace goes all that was in it. */
export function missingClassOf({ group, kind }: Pick<ObjectId, 'group' | 'kind'>): DriftClass {
  return group === '' && kind === 'Namespace' ? 'namespace-deleted' : 'missing';
}

/** The class of a drift by what moved; `item` is a field, key or list item that came or went. */
export function driftClassOf({ path, shape }: Difference): DriftClass {
  if (shape === 'reordered') return 'list-order';
  const [first] = path;
  if (first !== undefined && 'field' in first && first.field === 'metadata') return 'metadata';
  return shape === 'changed' ? 'value' : 'item';
}
