/** A JSON value as Kubernetes means it: integers beyond 2^53 are `bigint`, so that none is rounded on its way through. */
export type JsonValue = string | number | bigint | boolean | null | readonly JsonValue[] | JsonObject;

/** A JSON object, read-only: stages return new values. */
export interface JsonObject {
  readonly [key: string]: JsonValue | undefined;
}
