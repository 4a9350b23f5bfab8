import { isJsonArray, isJsonObject } from '../manifests/json.ts';

/** Everything that a part of an expression can be, as far as its size goes: what evaluating goes through is bounded by it. */
export interface Shape {
  /** Items of the longest list, or entries of the largest map, that it can be. */
  readonly length: number;
  /** All values inside it, texts by their length. */
  readonly weight: number;
  readonly items: () => Shape;
  readonly field: (name: string) => Shape;
}

/** A number, a truth value; a text of that weight. */
export function scalar(weight = 1): Shape {
  return { length: 0, weight, items: () => scalar(), field: () => scalar() };
}

/** One of some values of the object, measured by `weights`, which has every map and list of it. */
export function oneOf(values: readonly unknown[], weights: ReadonlyMap<unknown, number>): Shape {
  return {
    length: greatest(values, sizeOf),
    weight: Math.max(
      1,
      greatest(values, (value) => (typeof value === 'string' ? value.length + 1 : (weights.get(value) ?? 1))),
    ),
    items: () => oneOf(values.flatMap(membersOf), weights),
    field: (name) =>
      oneOf(
        values.flatMap((value) => (isJsonObject(value) && Object.hasOwn(value, name) ? [value[name]] : [])),
        weights,
      ),
  };
}

/** A list that the expression makes. */
export function listOf(length: number, item: Shape): Shape {
  return { length, weight: length * item.weight + 1, items: () => item, field: () => scalar() };
}

/** One or the other. */
export function either(a: Shape, b: Shape): Shape {
  return {
    length: Math.max(a.length, b.length),
    weight: Math.max(a.weight, b.weight),
    items: () => either(a.items(), b.items()),
    field: (name) => either(a.field(name), b.field(name)),
  };
}

/** What a macro goes through: the items of a list, the keys of a map; and what an index of either gives. */
function membersOf(value: unknown): readonly unknown[] {
  if (isJsonArray(value)) return value;
  return isJsonObject(value) ? [...Object.keys(value), ...Object.values(value)] : [];
}

function sizeOf(value: unknown): number {
  if (isJsonArray(value)) return value.length;
  return isJsonObject(value) ? Object.keys(value).length : 0;
}

/** Not by spreading: there may be more values than a call takes arguments. */
function greatest(values: readonly unknown[], measure: (value: unknown) => number): number {
  return values.reduce<number>((most, value) => Math.max(most, measure(value)), 0);
}
