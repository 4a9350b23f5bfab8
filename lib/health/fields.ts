import { isJsonArray, isJsonObject, type JsonObject } from '../manifests/json.ts';

/** The value at a path of field names; undefined where anything on the way is no map. */
export function valueAt(value: unknown, ...path: readonly string[]): unknown {
  let found = value;
  for (const field of path) found = isJsonObject(found) ? found[field] : undefined;
  return found;
}

export function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = valueAt(value, ...path);
  return typeof found === 'string' && found !== '' ? found : undefined;
}

/** A number that a controller left out is 0 to it: Go leaves zeros out. */
export function countAt(value: unknown, ...path: readonly string[]): number {
  return numberAt(value, ...path) ?? 0;
}

export function numberAt(value: unknown, ...path: readonly string[]): number | undefined {
  const found = valueAt(value, ...path);
  return typeof found === 'number' || typeof found === 'bigint' ? Number(found) : undefined;
}

export function objectsAt(value: unknown, ...path: readonly string[]): readonly JsonObject[] {
  const found = valueAt(value, ...path);
  return isJsonArray(found) ? found.filter(isJsonObject) : [];
}

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message: string;
  /** ISO 8601 */
  readonly lastTransitionTime?: string;
  readonly observedGeneration?: number;
}

export function conditionsOf(object: unknown): readonly Condition[] {
  return objectsAt(object, 'status', 'conditions').flatMap((entry) => {
    const type = textAt(entry, 'type');
    if (type === undefined) return [];
    const reason = textAt(entry, 'reason');
    const lastTransitionTime = textAt(entry, 'lastTransitionTime');
    const observedGeneration = numberAt(entry, 'observedGeneration');
    return [
      {
        type,
        status: textAt(entry, 'status') ?? 'Unknown',
        message: textAt(entry, 'message') ?? '',
        ...(reason === undefined ? {} : { reason }),
        ...(lastTransitionTime === undefined ? {} : { lastTransitionTime }),
        ...(observedGeneration === undefined ? {} : { observedGeneration }),
      },
    ];
  });
}

export function conditionOf(object: unknown, type: string): Condition | undefined {
  return conditionsOf(object).find((condition) => condition.type === type);
}
