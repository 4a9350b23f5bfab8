import { isDeepStrictEqual } from 'node:util';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../manifests/json.ts';
import type { KubernetesObject } from '../manifests/object.ts';
import { allFields, childAt, type FieldSet, listTypeOf } from './managed-fields.ts';
import { itemName, keysOf, type Path, type Segment } from './path.ts';

/**
 * One path at which the live object is not what the server would make of ours. `removed`: it is missing from the live object; `added`: only
 * the live object has it; `reordered`: the items are the same in another order, and the values are their names in order.
 */
export interface Difference {
  readonly path: Path;
  readonly shape: 'changed' | 'removed' | 'added' | 'reordered';
  readonly desired?: JsonValue;
  readonly live?: JsonValue;
  /** The manager that owns what is live there, where it is not we and managed fields tell. */
  readonly owner?: string;
  /** Of `reordered`: the items that both have, in the desired order. */
  readonly items?: readonly Segment[];
}

/** What the server keeps for itself. */
const HIDDEN_METADATA = new Set([
  'managedFields',
  'resourceVersion',
  'generation',
  'uid',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'selfLink',
]);

/**
 * Compares a live object with the server's dry-run of ours, never with the manifest: only the server knows what defaults and admission make
 * of it. Lists are compared as the server merges them, by the keys that managed fields show, and their order counts.
 */
export function diffObjects(live: KubernetesObject, dryRun: KubernetesObject): readonly Difference[] {
  const hints = [...allFields(dryRun), ...allFields(live)];
  const metadata = { field: 'metadata' };
  return [
    ...diffFields(bodyOf(live), bodyOf(dryRun), [], hints),
    ...diffFields(metadataOf(live), metadataOf(dryRun), [metadata], hintsAt(hints, metadata)),
  ];
}

function bodyOf(object: KubernetesObject): JsonObject {
  const { apiVersion: _apiVersion, kind: _kind, status: _status, metadata: _metadata, ...body } = object;
  return isJsonObject(body) ? body : {};
}

/** Labels and annotations are compared one by one even where one side has none. */
function metadataOf({ metadata }: KubernetesObject): JsonObject {
  const shown = Object.fromEntries(Object.entries(metadata).filter(([name]) => !HIDDEN_METADATA.has(name)));
  const compared = { ...shown, labels: metadata.labels ?? {}, annotations: metadata.annotations ?? {} };
  return isJsonObject(compared) ? compared : {};
}

function hintsAt(hints: readonly FieldSet[], segment: Segment): readonly FieldSet[] {
  return hints.map((node) => childAt(node, segment)).filter((child) => child !== undefined);
}

type Side = JsonValue | undefined;

/** The value at the last segment of `path`; `around` are the hints of what holds it, followed only where there is a difference. */
function* diffValues(live: Side, desired: Side, path: Path, around: readonly FieldSet[]): Generator<Difference> {
  if (isDeepStrictEqual(live, desired)) return;
  const hints = path.slice(-1).flatMap((segment) => hintsAt(around, segment));
  if (live === undefined && desired !== undefined) yield { path, shape: 'removed', desired };
  else if (live !== undefined && desired === undefined) yield { path, shape: 'added', live };
  else if (isJsonObject(live) && isJsonObject(desired)) yield* diffFields(live, desired, path, hints);
  else if (isJsonArray(live) && isJsonArray(desired)) yield* diffLists(live, desired, path, hints);
  else if (live !== undefined && desired !== undefined) yield { path, shape: 'changed', desired, live };
}

function* diffFields(live: JsonObject, desired: JsonObject, path: Path, hints: readonly FieldSet[]): Generator<Difference> {
  for (const field of new Set([...Object.keys(desired), ...Object.keys(live)])) {
    yield* diffValues(live[field], desired[field], [...path, { field }], hints);
  }
}

type List = readonly JsonValue[];

function* diffLists(live: List, desired: List, path: Path, hints: readonly FieldSet[]): Generator<Difference> {
  const liveItems = identifyItems(live, hints);
  const desiredItems = identifyItems(desired, hints);
  if (liveItems === undefined || desiredItems === undefined) {
    yield* diffByPosition(live, desired, path, hints);
    return;
  }
  for (const [name, { segment, value }] of desiredItems) {
    yield* diffValues(liveItems.get(name)?.value, value, [...path, segment], hints);
  }
  for (const [name, { segment, value }] of liveItems) {
    if (!desiredItems.has(name)) yield { path: [...path, segment], shape: 'added', live: value };
  }
  const liveOrder = [...liveItems.keys()].filter((name) => desiredItems.has(name));
  const desiredOrder = [...desiredItems.keys()].filter((name) => liveItems.has(name));
  if (isDeepStrictEqual(liveOrder, desiredOrder)) return;
  const items = desiredOrder.map((name) => desiredItems.get(name)?.segment).filter((segment) => segment !== undefined);
  yield { path, shape: 'reordered', desired: desiredOrder, live: liveOrder, items };
}

/** A list of objects that the server replaces as a whole is still shown item by item; a list of plain values is one value. */
function* diffByPosition(live: List, desired: List, path: Path, hints: readonly FieldSet[]): Generator<Difference> {
  if (![...live, ...desired].every((item) => isJsonObject(item))) {
    yield { path, shape: 'changed', desired, live };
    return;
  }
  for (let index = 0; index < Math.max(live.length, desired.length); index += 1) {
    yield* diffValues(live[index], desired[index], [...path, { index }], hints);
  }
}

interface ListItem {
  readonly segment: Segment;
  readonly value: JsonValue;
}

/** The items of a list by name, in order; undefined when they cannot be told apart: an atomic list, or two items of one name. */
function identifyItems(list: List, hints: readonly FieldSet[]): ReadonlyMap<string, ListItem> | undefined {
  const listType = listTypeOf(hints);
  if (listType.type === 'atomic') return undefined;
  const items = new Map<string, ListItem>();
  for (const value of list) {
    const segment = listType.type === 'set' ? { value } : asSegment(keysOf(value, listType.keys));
    if (segment === undefined) return undefined;
    const name = itemName(segment);
    if (items.has(name)) return undefined;
    items.set(name, { segment, value });
  }
  return items;
}

function asSegment(keys: JsonObject | undefined): Segment | undefined {
  return keys === undefined ? undefined : { keys };
}
