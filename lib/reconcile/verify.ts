import { isDeepStrictEqual } from 'node:util';
import { isJsonObject, type JsonValue } from '../manifests/json.ts';
import type { KubernetesObject } from '../manifests/object.ts';
import type { PresentComparison } from './compare.ts';
import type { Difference } from './diff.ts';
import { appliedFields, sameFields } from './managed-fields.ts';
import { indexIn, valueAt } from './path.ts';

/**
 * Whether the server's answer to a write shows what was to be written: each path that differed reads as desired now, and the fields are
 * ours. A write that was accepted is not proof; a webhook may have had the last word. What the write was to leave as it is (`carry`) is not asked
 * for, nor are the fields then, since it may have made others ours.
 */
export function isVerified(
  answer: KubernetesObject,
  comparison: PresentComparison,
  fieldManager: string,
  carry: readonly Difference[],
): boolean {
  const differences = [...comparison.rollout, ...comparison.drift.flatMap((group) => group.differences)];
  const written = differences.filter((difference) => !carry.includes(difference));
  if (!written.every((difference) => isSettled(answer, difference, comparison.desired))) return false;
  return carry.length > 0 || sameFields(appliedFields(answer, fieldManager), comparison.fields);
}

/** Whether what was taken over is gone: where the server has a default it is there, else nothing. */
export function isGone(answer: KubernetesObject, removed: readonly Difference[]): boolean {
  return removed.every(({ path, desired }) => isDeepStrictEqual(valueAt(answer, path), desired));
}

function isSettled(answer: KubernetesObject, { path, desired, items }: Difference, git: KubernetesObject): boolean {
  const value = valueAt(answer, path);
  if (items === undefined) return isAsPredicted(value, desired, valueAt(git, path));
  const positions = items.map((item) => indexIn(value ?? null, item));
  return positions.every((position, index) => position > (positions[index - 1] ?? -1));
}

/**
 * What Git says has to be there as the dry-run had it. Where Git is silent the server may choose anew each time (a node port): then it is
 * enough that something is there, or nothing.
 */
function isAsPredicted(value: JsonValue | undefined, predicted: JsonValue | undefined, git: JsonValue | undefined): boolean {
  if (isDeepStrictEqual(value, predicted)) return true;
  if (git === undefined) return (value === undefined) === (predicted === undefined);
  if (!isJsonObject(value) || !isJsonObject(predicted) || !isJsonObject(git)) return false;
  return [...new Set([...Object.keys(value), ...Object.keys(predicted)])].every((field) =>
    isAsPredicted(value[field], predicted[field], git[field]),
  );
}
