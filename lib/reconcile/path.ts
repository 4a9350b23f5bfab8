import { isDeepStrictEqual } from 'node:util';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue, stringifyJson } from '../manifests/json.ts';

/** One step into an object: a field, the item of a list map by its keys, the item of a set by its value, or a position in another list. */
export type Segment =
  | { readonly field: string }
  | { readonly keys: JsonObject }
  | { readonly value: JsonValue }
  | { readonly index: number };

export type Path = readonly Segment[];

const PLAIN_FIELD = /^[A-Za-z_$][\w$-]*$/;

/** `spec.template.spec.containers[name=app].image`, `metadata.labels["app.kubernetes.io/name"]`, `rules[0]`. */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, segment) => text + formatSegment(segment, text === ''), '');
}

function formatSegment(segment: Segment, first: boolean): string {
  if ('field' in segment) {
    if (!PLAIN_FIELD.test(segment.field)) return `[${JSON.stringify(segment.field)}]`;
    return first ? segment.field : `.${segment.field}`;
  }
  if ('index' in segment) return `[${segment.index}]`;
  return 'keys' in segment ? `[${formatKeys(segment.keys)}]` : `[${stringifyJson(segment.value)}]`;
}

function formatKeys(keys: JsonObject): string {
  return Object.entries(keys)
    .map(([name, value]) => `${name}=${formatScalar(value)}`)
    .join(',');
}

function formatScalar(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : stringifyJson(value ?? null);
}

/** What is at the path, or undefined. */
export function valueAt(value: unknown, path: Path): JsonValue | undefined {
  let current: unknown = value;
  for (const segment of path) current = stepInto(current, segment);
  return isJsonValue(current) ? current : undefined;
}

/** One segment further, or undefined. */
export function stepInto(value: unknown, segment: Segment): JsonValue | undefined {
  if ('field' in segment) return isJsonObject(value) && Object.hasOwn(value, segment.field) ? value[segment.field] : undefined;
  return isJsonArray(value) ? value[indexIn(value, segment)] : undefined;
}

/** Where in a list the item is; -1 when it is not there. */
export function indexIn(list: JsonValue, segment: Segment): number {
  if (!isJsonArray(list) || 'field' in segment) return -1;
  if ('index' in segment) return segment.index < list.length ? segment.index : -1;
  if ('value' in segment) return list.findIndex((item) => isDeepStrictEqual(item, segment.value));
  return list.findIndex((item) => hasKeys(item, segment.keys));
}

/** A port without a protocol is a TCP port, in Git as on the server. */
function hasKeys(item: JsonValue, keys: JsonObject): boolean {
  if (!isJsonObject(item)) return false;
  return Object.entries(keys).every(([name, value]) => (item[name] ?? (name === 'protocol' ? 'TCP' : undefined)) === value);
}

/** The keys of a list map's item, or undefined when it has none of them. */
export function keysOf(item: JsonValue, names: readonly string[]): JsonObject | undefined {
  if (!isJsonObject(item)) return undefined;
  const keys = names.flatMap((name) => {
    const value = item[name] ?? (name === 'protocol' ? 'TCP' : undefined);
    return value === undefined ? [] : [[name, value] as const];
  });
  return keys.length === 0 ? undefined : Object.fromEntries(keys);
}

/** How an item of a list is called where the order of the list is shown: `app`, `80/TCP`. */
export function itemName(segment: Segment): string {
  if ('keys' in segment) return Object.values(segment.keys).map(formatScalar).join('/');
  if ('value' in segment) return formatScalar(segment.value);
  return 'index' in segment ? String(segment.index) : segment.field;
}

function isJsonValue(value: unknown): value is JsonValue {
  return value !== undefined;
}
