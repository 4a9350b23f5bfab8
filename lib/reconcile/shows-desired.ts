import { isDeepStrictEqual } from 'node:util';
import { asJson, isJsonArray, isJsonObject, type JsonValue } from '../manifests/json.ts';
import type { KubernetesObject } from '../manifests/object.ts';
import { appliedFields, childAt, type FieldSet, listTypeOf, nodeAt } from './managed-fields.ts';
import { keysOf, type Path, valueAt } from './path.ts';

/** Whether an answer has at these paths what Git states there; where Git is silent the server may choose. */
export function showsDesiredAt(answer: KubernetesObject, desired: KubernetesObject, paths: readonly Path[], fieldManager: string): boolean {
  const fields = appliedFields(answer, fieldManager);
  return paths.every((path) => holds(valueAt(answer, path), valueAt(desired, path), nodeAt(fields, path)));
}

/**
 * Whether the server's answer to a creation has all that Git states, as Git states it. It need not where the server only writes it otherwise (a
 * quantity), so that a no is a reason to ask once more, and a yes needs no further question.
 */
export function showsDesired(answer: KubernetesObject, desired: KubernetesObject, fieldManager: string): boolean {
  const fields = appliedFields(answer, fieldManager);
  return Object.entries(desired).every(([field, value]) => holds(asJson(answer[field]), asJson(value), at(fields, field)));
}

function holds(live: JsonValue | undefined, desired: JsonValue | undefined, fields: FieldSet | undefined): boolean {
  if (isEmpty(desired)) return true;
  if (isJsonObject(desired)) {
    return isJsonObject(live) && Object.entries(desired).every(([field, value]) => holds(live[field], value, at(fields, field)));
  }
  if (isJsonArray(desired)) return isJsonArray(live) && holdsList(live, desired, fields);
  return isDeepStrictEqual(live, desired);
}

/** A list that is owned item by item may have more of them; any other is as long as it was to be. */
function holdsList(live: readonly JsonValue[], desired: readonly JsonValue[], fields: FieldSet | undefined): boolean {
  const listType = fields === undefined ? undefined : listTypeOf([fields]);
  if (fields === undefined || listType === undefined || listType.type === 'atomic') {
    return live.length === desired.length && desired.every((item, index) => holds(live[index], item, undefined));
  }
  let next = 0;
  return desired.every((item) => {
    const keys = listType.type === 'map' ? keysOf(item, listType.keys) : undefined;
    const inside = keys === undefined ? undefined : childAt(fields, { keys });
    const found = live.findIndex((each, index) => index >= next && holds(each, item, inside));
    next = found + 1;
    return found >= 0;
  });
}

/** The server stores no empty map or list where it has none. */
function isEmpty(value: JsonValue | undefined): boolean {
  if (isJsonArray(value)) return value.length === 0;
  return value === undefined || value === null || (isJsonObject(value) && Object.keys(value).length === 0);
}

function at(fields: FieldSet | undefined, field: string): FieldSet | undefined {
  return fields === undefined ? undefined : childAt(fields, { field });
}
