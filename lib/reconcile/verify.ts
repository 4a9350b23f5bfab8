import { isDeepStrictEqual } from 'node:util';
import type { KubernetesObject } from '../manifests/object.ts';
import type { PresentComparison } from './compare.ts';
import type { Difference } from './diff.ts';
import { appliedFields, sameFields } from './managed-fields.ts';
import { indexIn, valueAt } from './path.ts';

/**
 * Whether the server's answer to a write shows what was to be written: each path that differed reads as desired now, and the fields are
 * ours. A write that was accepted is not proof; a webhook may have had the last word.
 */
export function isVerified(answer: KubernetesObject, comparison: PresentComparison, fieldManager: string): boolean {
  const differences = [...comparison.rollout, ...comparison.drift.flatMap((group) => group.differences)];
  if (!differences.every((difference) => isSettled(answer, difference))) return false;
  return sameFields(appliedFields(answer, fieldManager), comparison.fields);
}

function isSettled(answer: KubernetesObject, { path, desired, items }: Difference): boolean {
  const value = valueAt(answer, path);
  if (items === undefined) return isDeepStrictEqual(value, desired);
  const positions = items.map((item) => indexIn(value ?? null, item));
  return positions.every((position, index) => position > (positions[index - 1] ?? -1));
}
