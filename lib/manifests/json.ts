/** A JSON value as Kubernetes means it: integers beyond 2^53 are `bigint`, so that none is rounded on its way through. */
export type JsonValue = string | number | bigint | boolean | null | readonly JsonValue[] | JsonObject;

/** A JSON object, read-only: stages return new values. */
export interface JsonObject {
  readonly [key: string]: JsonValue | undefined;
}

declare global {
  interface JSON {
    /** In every Node since 22; not yet in TypeScript's ES2024 library. */
    rawJSON(text: string): JsonValue;
    parse(text: string, reviver: (key: string, value: JsonValue, context: { readonly source?: string }) => JsonValue): JsonValue;
  }
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isJsonArray(value: unknown): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** What the server sent or a manifest has is JSON, though a field of an object that we do not know is typed as anything. */
export function asJson(value: unknown): JsonValue | undefined {
  return isJson(value) ? value : undefined;
}

function isJson(value: unknown): value is JsonValue {
  return value !== undefined;
}

/** Where a number that double precision may not hold could stand: 16 digits or more, not inside a word or right after a quote. */
const LONG_NUMBER = /[\s:[,-]\d{16,}|^\d{16,}/;

/** `JSON.parse`, but an integer beyond 2^53 becomes a `bigint`. Throws `SyntaxError`. */
export function parseJson(text: string): JsonValue {
  if (!LONG_NUMBER.test(text)) return JSON.parse(text);
  return JSON.parse(text, (_key, value, { source }) => {
    if (typeof value !== 'number' || source === undefined || Number.isSafeInteger(value)) return value;
    return /^-?\d+$/.test(source) ? BigInt(source) : value;
  });
}

/** `JSON.stringify`, but a `bigint` is written as the integer that it is. */
export function stringifyJson(value: JsonValue | object, indent?: number): string {
  try {
    return JSON.stringify(value, undefined, indent);
  } catch (error) {
    // Only a bigint makes it throw here, and a replacer makes it several times slower: so it is the second try.
    if (!(error instanceof TypeError)) throw error;
    return JSON.stringify(value, (_key, field: unknown) => (typeof field === 'bigint' ? JSON.rawJSON(String(field)) : field), indent);
  }
}
