import { asJson, isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../../manifests/json.ts';
import type { KubernetesObject } from '../../manifests/object.ts';
import type { Difference } from '../diff.ts';
import { indexIn, itemName, type Path, type Segment } from '../path.ts';

/**
 * An object with the live values at some paths, so that applying it leaves them as they are: server-side apply is of the whole object, and
 * correcting one field would revert the others.
 */
export function carryLive(object: KubernetesObject, carry: readonly Difference[]): KubernetesObject {
  // From the end, since removing an item moves those behind it.
  const removals = carry.filter(({ shape }) => shape === 'removed').toReversed();
  return [...carry.filter(({ shape }) => shape !== 'removed'), ...removals].reduce(carryOne, object);
}

function carryOne(object: KubernetesObject, difference: Difference): KubernetesObject {
  const [first, ...rest] = difference.path;
  if (first === undefined || !('field' in first)) return object;
  const value: unknown = object[first.field];
  return { ...object, [first.field]: asLive(asJson(value), rest, difference) };
}

type Value = JsonValue | undefined;

/** A value with what the live object has at a path inside it. */
function asLive(value: Value, [segment, ...rest]: Path, difference: Difference): Value {
  if (segment === undefined) return liveOf(value, difference);
  if ('field' in segment) {
    if (difference.shape === 'removed' && !isJsonObject(value)) return value;
    const { [segment.field]: child, ...others } = isJsonObject(value) ? value : {};
    const changed = asLive(child, rest, difference);
    if (changed === undefined) return others;
    return isJsonObject(value) ? { ...value, [segment.field]: changed } : { [segment.field]: changed };
  }
  const list = isJsonArray(value) ? value : [];
  const index = indexIn(list, segment);
  if (index < 0 && difference.shape === 'removed') return value;
  const changed = asLive(index < 0 ? seedOf(segment) : list[index], rest, difference);
  if (index < 0) return changed === undefined ? value : [...list, changed];
  return changed === undefined ? list.toSpliced(index, 1) : list.with(index, changed);
}

function liveOf(value: Value, { shape, live, items = [] }: Difference): Value {
  if (shape === 'removed') return undefined;
  return shape === 'reordered' ? inLiveOrder(value, items, live) : live;
}

/** What an item that is not there yet begins with: the keys by which it is known. */
function seedOf(segment: Exclude<Segment, { readonly field: string }>): JsonObject | undefined {
  return 'keys' in segment ? segment.keys : undefined;
}

/** The items that both have, in the order in which the live list has them; the others stay where they are. */
function inLiveOrder(list: Value, items: readonly Segment[], liveNames: Value): Value {
  if (!isJsonArray(list) || !isJsonArray(liveNames)) return list;
  const ordered = liveNames.flatMap((name) => {
    const item = items.find((each) => itemName(each) === name);
    const index = item === undefined ? -1 : indexIn(list, item);
    return index < 0 ? [] : [index];
  });
  const places = ordered.toSorted((a, b) => a - b);
  return list.map((value, index) => {
    const place = places.indexOf(index);
    return (place < 0 ? value : list[ordered[place] ?? index]) ?? value;
  });
}
