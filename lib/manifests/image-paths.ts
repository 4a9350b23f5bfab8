import { isJsonArray, isJsonObject, type JsonValue } from './json.ts';
import { groupOf, type KubernetesObject } from './object.ts';

/** Where a kind that is not built in has images. */
export interface ImagePath {
  readonly group: string;
  readonly kind: string;
  /** Fields with dots between them, `[*]` for every item of a list: `spec.template.spec.containers[*].image`. */
  readonly path: string;
}

/** What a path to an image looks like. */
export const IMAGE_PATH = /^[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63}|\[\*\]){0,31}$/;

/** The object with every string at these paths replaced; the object itself when nothing changed. What is no string there is left alone. */
export function mapImagesAt(
  object: KubernetesObject,
  paths: readonly ImagePath[],
  change: (image: string, path: string) => string,
): KubernetesObject {
  const group = groupOf(object.apiVersion);
  let mapped = object;
  for (const path of paths) {
    if (path.kind !== object.kind || path.group !== group) continue;
    const [first = '', ...rest] = stepsOf(path.path);
    // Kind and names are not images, whatever the path says.
    if (first === 'apiVersion' || first === 'kind' || first === 'metadata') continue;
    const value = mapped[first];
    if (value === undefined || !isJson(value)) continue;
    const next = mapValue(value, rest, first, change);
    if (next !== value) mapped = { ...mapped, [first]: next };
  }
  return mapped;
}

const ITEMS = '[*]';

function stepsOf(path: string): readonly string[] {
  return path.match(/[^.[\]]+|\[\*\]/g) ?? [];
}

function mapValue(
  value: JsonValue,
  [step, ...rest]: readonly string[],
  at: string,
  change: (image: string, path: string) => string,
): JsonValue {
  if (step === undefined) return typeof value === 'string' ? change(value, at) : value;
  if (step === ITEMS) {
    if (!isJsonArray(value)) return value;
    const items = value.map((item, index) => mapValue(item, rest, `${at}[${index}]`, change));
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  const field = isJsonObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
  if (!isJsonObject(value) || field === undefined) return value;
  const next = mapValue(field, rest, `${at}.${step}`, change);
  return next === field ? value : { ...value, [step]: next };
}

/** Every field but `metadata` is JSON. */
function isJson(value: KubernetesObject[string]): value is JsonValue {
  return value !== undefined;
}
