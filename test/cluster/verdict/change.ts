import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../../../lib/manifests/json.ts';
import type { Random } from '../../helpers/random.ts';

/** Fields and positions, from the root of an object. */
export type Steps = readonly (string | number)[];

/** One thing that somebody does to an object. */
export type Change =
  | { readonly act: 'set' | 'add'; readonly steps: Steps; readonly value: JsonValue }
  | { readonly act: 'remove'; readonly steps: Steps }
  /** The list at `steps` in another order. */
  | { readonly act: 'reorder'; readonly steps: Steps; readonly value: readonly JsonValue[] };

/** Of these, people change what is in them, and the server keeps the rest. */
const EDITABLE_METADATA = ['labels', 'annotations'];
/** Somebody else's value there means that the object is another's: a refusal, and no drift. */
const OWNER_MARK = 'plumbline.dev/owner';

/**
 * One random change of a live object, mostly of what Git says of it too. Many are refused by the server, as those of people are. Undefined
 * where the object has nothing to change.
 */
export function randomChange(live: JsonObject, desired: object, random: Random): Change | undefined {
  const nodes = [...nodesOf(editablePart(live), [])].filter(({ steps }) => steps.length > 0);
  const inGit = nodes.filter(({ steps }) => valueAtSteps(desired, steps) !== undefined);
  if (nodes.length === 0) return undefined;
  const { steps, value } = random.pick(inGit.length > 0 && random.integer(4) > 0 ? inGit : nodes);
  const inMetadata = steps[0] === 'metadata';
  if (inMetadata && steps.length < 3)
    return { act: 'add', steps: [...steps.slice(0, 2), 'touched-by'], value: `person-${random.integer(5)}` };
  if (isJsonArray(value)) return changeOfList(steps, value, random);
  if (isJsonObject(value) && random.integer(4) > 0) return addition(steps, value, random);
  if (random.integer(4) === 0 || isJsonObject(value)) return { act: 'remove', steps };
  return steps.includes(OWNER_MARK) ? { act: 'remove', steps } : { act: 'set', steps, value: otherValue(value, random) };
}

function editablePart({ apiVersion: _apiVersion, kind: _kind, status: _status, metadata, ...body }: JsonObject): JsonObject {
  const kept = isJsonObject(metadata) ? Object.entries(metadata).filter(([name]) => EDITABLE_METADATA.includes(name)) : [];
  return { ...body, metadata: { labels: {}, annotations: {}, ...Object.fromEntries(kept) } };
}

function* nodesOf(value: JsonValue | undefined, steps: Steps): Generator<{ readonly steps: Steps; readonly value: JsonValue }> {
  if (value === undefined) return;
  yield { steps, value };
  const children = isJsonArray(value) ? [...value.entries()] : isJsonObject(value) ? Object.entries(value) : [];
  for (const [step, child] of children) yield* nodesOf(child, [...steps, step]);
}

function changeOfList(steps: Steps, list: readonly JsonValue[], random: Random): Change {
  const position = random.integer(list.length);
  const item = list[position];
  switch (list.length === 0 ? 0 : random.integer(3)) {
    case 0:
      return { act: 'add', steps: [...steps, list.length], value: item === undefined ? 'added' : anotherItem(item, random) };
    case 1:
      return { act: 'remove', steps: [...steps, position] };
    default:
      return { act: 'reorder', steps, value: [...list.slice(1), ...list.slice(0, 1)] };
  }
}

function anotherItem(item: JsonValue, random: Random): JsonValue {
  if (!isJsonObject(item)) return otherValue(item, random);
  const [first] = Object.entries(item).filter(([, value]) => typeof value === 'string' || typeof value === 'number');
  return first === undefined ? item : { ...item, [first[0]]: otherValue(first[1] ?? null, random) };
}

/** Fields that many kinds have: most are refused where they are put, which costs nothing. */
const ADDITIONS: readonly (readonly [string, JsonValue])[] = [
  ['added', 'by-hand'],
  ['terminationGracePeriodSeconds', 7],
  ['minReadySeconds', 3],
  ['imagePullPolicy', 'Always'],
  ['env', [{ name: 'ADDED', value: 'yes' }]],
  ['nodeSelector', { disk: 'ssd' }],
  ['priorityClassName', 'kinds-high'],
  ['suspend', true],
  ['sessionAffinity', 'ClientIP'],
  ['workingDir', '/tmp'],
];

function addition(steps: Steps, object: JsonObject, random: Random): Change {
  const [field, value] = random.pick(ADDITIONS.filter(([name]) => object[name] === undefined));
  return { act: 'add', steps: [...steps, field], value };
}

function otherValue(value: JsonValue, random: Random): JsonValue {
  switch (typeof value) {
    case 'number':
      return Number.isInteger(value) ? value + random.pick([-1, 1, 10]) : value * 2;
    case 'bigint':
      return value + BigInt(random.pick([-1, 1]));
    case 'boolean':
      return !value;
    case 'string':
      return otherText(value, random);
    default:
      return 'other';
  }
}

/** Another text of the same sort, or now and then the same thing in other words. */
function otherText(text: string, random: Random): string {
  const memory = /^(\d+)Mi$/.exec(text);
  if (memory !== null) return random.pick([`${Number(memory[1]) * 1024}Ki`, `${Number(memory[1]) * 2}Mi`]);
  const named = OTHER_WORDS[text];
  if (named !== undefined) return named;
  const number = /^(.*?)(\d+)(\D*)$/.exec(text);
  if (number !== null && random.integer(3) > 0) return `${number[1]}${Number(number[2]) + 1}${number[3]}`;
  return random.pick([`${text}x`, text.toUpperCase(), `x${text}`, text]);
}

/** Enumerations, whose other values the server accepts. */
const OTHER_WORDS: Readonly<Record<string, string>> = {
  true: 'false',
  TCP: 'UDP',
  Always: 'IfNotPresent',
  IfNotPresent: 'Always',
  Retain: 'Delete',
  Delete: 'Retain',
  RollingUpdate: 'OnDelete',
  ScheduleAnyway: 'DoNotSchedule',
  Local: 'Cluster',
  Cluster: 'Local',
  Fail: 'Ignore',
  Ignore: 'Fail',
  Forbid: 'Allow',
  NoSchedule: 'NoExecute',
  ClusterFirst: 'Default',
  In: 'NotIn',
  File: 'FallbackToLogsOnError',
};

/** What is there, or undefined. */
export function valueAtSteps(value: unknown, steps: Steps): JsonValue | undefined {
  let current: unknown = value;
  for (const step of steps) {
    if (typeof step === 'number') current = isJsonArray(current) ? current[step] : undefined;
    else current = isJsonObject(current) ? current[step] : undefined;
  }
  return isJsonObject(current) || isJsonArray(current) || isScalar(current) ? current : undefined;
}

function isScalar(value: unknown): value is JsonValue {
  return value === null || ['string', 'number', 'bigint', 'boolean'].includes(typeof value);
}

/** The object after the change. */
export function changed(object: JsonObject, change: Change): JsonObject {
  const result = changedAt(object, change.steps, change);
  return isJsonObject(result) ? result : object;
}

function changedAt(value: JsonValue | undefined, [step, ...rest]: Steps, change: Change): JsonValue {
  if (step === undefined) return change.act === 'remove' ? null : change.value;
  if (typeof step === 'number') {
    const list = isJsonArray(value) ? value : [];
    if (rest.length === 0 && change.act === 'remove') return list.toSpliced(step, 1);
    return step >= list.length
      ? [...list, changedAt(undefined, rest, change)]
      : list.map((item, index) => (index === step ? changedAt(item, rest, change) : item));
  }
  const fields = isJsonObject(value) ? value : {};
  if (rest.length === 0 && change.act === 'remove') {
    const { [step]: _removed, ...kept } = fields;
    return kept;
  }
  return { ...fields, [step]: changedAt(fields[step], rest, change) };
}
