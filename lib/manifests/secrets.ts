import { isJsonObject, type JsonObject } from './json.ts';
import type { KubernetesObject, ObjectMeta } from './object.ts';

/** What stands where a value of a Secret was. */
export const MASKED = '(redacted)';

const LAST_APPLIED = /last-applied-configuration/;

/** Whether a key or path is of an annotation in which client-side tools keep the whole object, values included. */
export function isLastApplied(path: string): boolean {
  return LAST_APPLIED.test(path);
}

/** Of a Secret, only these paths say nothing of what it holds. */
const HARMLESS_PATH = /^(type|immutable|metadata\.labels)([.[]|$)/;

/** Whether what stands at a path, as records write it, is nobody's to see: a Secret's values, and whole objects in annotations. */
export function isHiddenPath(object: Pick<KubernetesObject, 'apiVersion' | 'kind'>, path: string): boolean {
  return isLastApplied(path) || (isSecret(object) && !HARMLESS_PATH.test(path));
}

export function isSecret(object: Pick<KubernetesObject, 'apiVersion' | 'kind'>): boolean {
  return object.kind === 'Secret' && object.apiVersion === 'v1';
}

/** A Secret with every value of `data` and `stringData` and the last-applied annotation masked; any other object as it is. */
export function maskSecrets(object: KubernetesObject): KubernetesObject {
  if (!isSecret(object)) return object;
  return {
    ...object,
    metadata: maskAnnotations(object.metadata),
    ...(object.data === undefined ? {} : { data: maskValues(object.data) }),
    ...(object.stringData === undefined ? {} : { stringData: maskValues(object.stringData) }),
  };
}

/** A Secret with `stringData` moved into `data`, as the server would: applied as written, a key removed from it would never be removed. */
export function encodeStringData(object: KubernetesObject): KubernetesObject {
  if (!isSecret(object) || object.stringData === undefined) return object;
  const { stringData, ...rest } = object;
  const encoded = Object.entries(isJsonObject(stringData) ? stringData : {}).map(
    ([key, value]) => [key, typeof value === 'string' ? Buffer.from(value, 'utf8').toString('base64') : value] as const,
  );
  return { ...rest, metadata: object.metadata, data: { ...(isJsonObject(rest.data) ? rest.data : {}), ...Object.fromEntries(encoded) } };
}

/** The first key of a Secret's `data` or `stringData` whose value is not a string. */
export function invalidSecretKey(object: KubernetesObject): string | undefined {
  if (!isSecret(object)) return undefined;
  for (const field of ['data', 'stringData']) {
    const values = object[field];
    if (values === undefined || values === null) continue;
    if (!isJsonObject(values)) return field;
    const wrong = Object.entries(values).find(([, value]) => value !== null && typeof value !== 'string');
    if (wrong !== undefined) return `${field}.${wrong[0]}`;
  }
  return undefined;
}

function maskAnnotations(metadata: ObjectMeta): ObjectMeta {
  if (metadata.annotations === undefined) return metadata;
  const annotations = Object.entries(metadata.annotations).map(([key, value]) => [key, isLastApplied(key) ? MASKED : value] as const);
  return { ...metadata, annotations: Object.fromEntries(annotations) };
}

function maskValues(values: unknown): JsonObject | string {
  return isJsonObject(values) ? Object.fromEntries(Object.keys(values).map((key) => [key, MASKED])) : MASKED;
}
