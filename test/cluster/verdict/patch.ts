import type { PatchOperation } from '../../../lib/kubernetes/client.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../../../lib/manifests/json.ts';
import { type Change, changed, type Steps, valueAtSteps } from './change.ts';

/** How a change reaches the server. */
export const EDIT_KINDS = ['merge patch', 'JSON patch', 'strategic patch', 'PUT'] as const;
export type EditKind = (typeof EDIT_KINDS)[number];

export interface EditRequest {
  readonly method: 'PATCH' | 'PUT';
  readonly contentType: string;
  readonly body: JsonValue;
}

/** The request that makes this change of a live object. */
export function editRequest(kind: EditKind, live: JsonObject, change: Change): EditRequest {
  switch (kind) {
    case 'PUT':
      return { method: 'PUT', contentType: 'application/json', body: changed(live, change) };
    case 'JSON patch':
      return { method: 'PATCH', contentType: 'application/json-patch+json', body: jsonPatch(live, change) };
    case 'merge patch':
      return { method: 'PATCH', contentType: 'application/merge-patch+json', body: mergePatch(live, change) };
    case 'strategic patch':
      return { method: 'PATCH', contentType: 'application/strategic-merge-patch+json', body: strategicPatch(live, change) };
  }
}

export function jsonPatch(live: JsonObject, change: Change): readonly PatchOperation[] {
  const pointer = `/${change.steps.map((step) => String(step).replaceAll('~', '~0').replaceAll('/', '~1')).join('/')}`;
  if (change.act === 'remove') return [{ op: 'remove', path: pointer }];
  const value = change.value;
  if (change.act !== 'add') return [{ op: 'replace', path: pointer, value }];
  const parent = change.steps.slice(0, -1);
  const missing = valueAtSteps(live, parent) === undefined;
  const made = missing ? [{ op: 'add' as const, path: pointer.slice(0, pointer.lastIndexOf('/')), value: {} }] : [];
  return [...made, { op: 'add', path: pointer, value }];
}

/** Lists are replaced as a whole. */
function mergePatch(live: JsonObject, change: Change): JsonValue {
  const toList = change.steps.findIndex((step) => typeof step === 'number');
  const steps = toList === -1 ? change.steps : change.steps.slice(0, toList);
  const leaf = toList === -1 && change.act === 'remove' ? null : (valueAtSteps(changed(live, change), steps) ?? null);
  return nested(steps, leaf);
}

const MERGE_KEYS = ['name', 'containerPort', 'port', 'mountPath', 'ip', 'topologyKey', 'key', 'type'];

/** Items of lists are named by a key, as kubectl does it; where none fits the list is given as a whole. */
function strategicPatch(live: JsonObject, change: Change): JsonValue {
  return strategicAt(live, change.steps, change);
}

function strategicAt(value: JsonValue | undefined, steps: Steps, change: Change): JsonValue {
  const [step, ...rest] = steps;
  if (step === undefined) return change.act === 'remove' ? null : change.value;
  if (typeof step === 'number') throw new Error('a list is dealt with where its field is');
  const child = isJsonObject(value) ? value[step] : undefined;
  if (change.act === 'reorder' && rest.length === 0) {
    const key = keyOf(change.value[0]);
    if (key !== undefined && isJsonArray(child)) {
      const order = change.value.map((item) => ({ [key]: isJsonObject(item) ? (item[key] ?? null) : null }));
      return { [`$setElementOrder/${step}`]: order, [step]: order };
    }
  }
  const [position, ...inside] = rest;
  if (typeof position !== 'number') return { [step]: strategicAt(child, rest, change) };
  const list = isJsonArray(child) ? child : [];
  const item = list[position];
  const key = keyOf(item ?? ('value' in change ? change.value : undefined));
  if (key === undefined) return { [step]: changedList(list, rest, change) };
  const name = { [key]: isJsonObject(item) ? (item[key] ?? null) : null };
  if (inside.length === 0 && change.act === 'remove') return { [step]: [{ ...name, $patch: 'delete' }] };
  if (inside.length === 0) return { [step]: ['value' in change ? change.value : null] };
  if (inside.some((each) => typeof each === 'number')) return { [step]: changedList(list, rest, change) };
  const fields = strategicAt(item, inside, change);
  return { [step]: [{ ...name, ...(isJsonObject(fields) ? fields : {}) }] };
}

function changedList(list: readonly JsonValue[], steps: Steps, change: Change): JsonValue {
  const around = changed({ list }, { ...change, steps: ['list', ...steps] });
  return around.list ?? null;
}

function keyOf(item: JsonValue | undefined): string | undefined {
  return isJsonObject(item) ? MERGE_KEYS.find((key) => typeof item[key] === 'string' || typeof item[key] === 'number') : undefined;
}

function nested(steps: Steps, leaf: JsonValue): JsonValue {
  return steps.reduceRight<JsonValue>((inner, step) => ({ [step]: inner }), leaf);
}
