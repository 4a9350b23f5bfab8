import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../manifests/json.ts';

/** The same value with the keys of every object sorted and absent fields left out: equal content has one text. */
export function canonicalise(value: JsonValue): JsonValue {
  if (isJsonArray(value)) return value.map(canonicalise);
  if (!isJsonObject(value)) return value;
  const sorted: Record<string, JsonValue> = {};
  for (const key of Object.keys(value).sort()) {
    const field = value[key];
    // Defined, not assigned: a key named `__proto__` is content like any other.
    if (field !== undefined)
      Object.defineProperty(sorted, key, { value: canonicalise(field), enumerable: true, configurable: true, writable: true });
  }
  return sorted satisfies JsonObject;
}
