import { isDeepStrictEqual } from 'node:util';
import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '../manifests/json.ts';
import type { KubernetesObject, ManagedFieldsEntry } from '../manifests/object.ts';
import type { Path, Segment } from './path.ts';

/**
 * A set of fields as the API server writes it (`fieldsV1`): children are named `f:FIELD`, `k:{KEYS}`, `v:VALUE` or `i:INDEX`, and `.` is the
 * node itself. It is read as it is: a fleet's worth of these is too much to parse into something nicer.
 */
export type FieldSet = JsonObject;

const NO_FIELDS: FieldSet = {};

/** The fields that a manager owns by server-side apply; undefined when it owns none. */
export function appliedFields(object: KubernetesObject, manager: string): FieldSet | undefined {
  return object.metadata.managedFields?.find((entry) => isApplyOf(entry, manager))?.fieldsV1;
}

export function isApplyOf(entry: ManagedFieldsEntry, manager: string): boolean {
  return entry.manager === manager && entry.operation === 'Apply' && (entry.subresource ?? '') === '';
}

export function sameFields(a: FieldSet | undefined, b: FieldSet | undefined): boolean {
  return isDeepStrictEqual(a ?? NO_FIELDS, b ?? NO_FIELDS);
}

/** Every set of fields in an object: together they know how the server identifies the items of each list. */
export function allFields(object: KubernetesObject): readonly FieldSet[] {
  return object.metadata.managedFields?.flatMap(({ fieldsV1 }) => (fieldsV1 === undefined ? [] : [fieldsV1])) ?? [];
}

/** The child of a node that a segment leads to. */
export function childAt(node: FieldSet, segment: Segment): FieldSet | undefined {
  const name =
    'field' in segment ? `f:${segment.field}` : Object.keys(node).find((each) => isDeepStrictEqual(parseChildName(each), segment));
  const child = name === undefined ? undefined : node[name];
  return isJsonObject(child) ? child : undefined;
}

/** `f:spec` → a field, `k:{"name":"app"}` → a list map's item …; undefined for `.` and for what is not understood. */
export function parseChildName(name: string): Segment | undefined {
  const rest = name.slice(2);
  switch (name.slice(0, 2)) {
    case 'f:':
      return { field: rest };
    case 'k:': {
      const keys = readJson(rest);
      return isJsonObject(keys) ? { keys } : undefined;
    }
    case 'v:': {
      const value = readJson(rest);
      return value === undefined ? undefined : { value };
    }
    case 'i:':
      return { index: Number(rest) };
    default:
      return undefined;
  }
}

function readJson(text: string): JsonValue | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

export function isLeaf(node: FieldSet): boolean {
  return Object.keys(node).every((name) => name === '.');
}

/** Whether a set holds a path: the path itself, something inside it, or an atomic value around it. */
export function holdsPath(fields: FieldSet, path: Path): boolean {
  let node = fields;
  for (const segment of path) {
    const child = childAt(node, segment);
    if (child === undefined) return node !== fields && isLeaf(node);
    node = child;
  }
  return true;
}

/** Whether a set holds an atomic value around a path: the only trace that the remover of a field can leave. */
export function holdsAround(fields: FieldSet, path: Path): boolean {
  let node = fields;
  for (const segment of path) {
    const child = childAt(node, segment);
    if (child === undefined) return node !== fields && isLeaf(node) && !Object.hasOwn(node, '.');
    node = child;
  }
  return false;
}

/** How the server tells the items of a list apart: by the values of keys, by their own value, or not at all. */
export type ListType = { readonly type: 'map'; readonly keys: readonly string[] } | { readonly type: 'set' } | { readonly type: 'atomic' };

export function listTypeOf(nodes: readonly FieldSet[]): ListType {
  for (const node of nodes) {
    for (const name of Object.keys(node)) {
      const segment = parseChildName(name);
      if (segment === undefined) continue;
      if ('keys' in segment) return { type: 'map', keys: Object.keys(segment.keys) };
      if ('value' in segment) return { type: 'set' };
    }
  }
  return { type: 'atomic' };
}

/** The part of a set that is at a path; undefined where it has none. */
export function nodeAt(fields: FieldSet | undefined, path: Path): FieldSet | undefined {
  return path.reduce<FieldSet | undefined>((node, segment) => (node === undefined ? undefined : childAt(node, segment)), fields);
}
