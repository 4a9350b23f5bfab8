import { isDeepStrictEqual } from 'node:util';
import type { PatchOperation } from '../../kubernetes/client.ts';
import { asJson, isJsonArray, isJsonObject, type JsonValue } from '../../manifests/json.ts';
import type { KubernetesObject } from '../../manifests/object.ts';
import { indexIn, type Path } from '../path.ts';

/** The value without what is at the paths. */
export function withoutPaths(object: KubernetesObject, paths: readonly Path[]): KubernetesObject {
  return paths.reduce(withoutPath, object);
}

function withoutPath(object: KubernetesObject, [first, ...inside]: Path): KubernetesObject {
  if (first === undefined || !('field' in first)) return object;
  if (first.field !== 'metadata') return { ...object, [first.field]: without(asJson(object[first.field]), inside) };
  return { ...object, metadata: { ...object.metadata, ...metadataWithout(object, inside) } };
}

function metadataWithout({ metadata }: KubernetesObject, [first, ...inside]: Path): { readonly [field: string]: unknown } {
  return first === undefined || !('field' in first) ? {} : { [first.field]: without(asJson(metadata[first.field]), inside) };
}

function without(value: JsonValue | undefined, path: Path): JsonValue | undefined {
  const [segment, ...inside] = path;
  if (segment === undefined || value === undefined) return undefined;
  if ('field' in segment) {
    if (!isJsonObject(value)) return value;
    const { [segment.field]: child, ...rest } = value;
    const left = without(child, inside);
    return left === undefined ? rest : { ...value, [segment.field]: left };
  }
  const index = indexIn(value, segment);
  if (!isJsonArray(value) || index < 0) return value;
  const left = without(value[index], inside);
  return left === undefined ? value.toSpliced(index, 1) : value.with(index, left);
}

/** What of an object's metadata people and programs write. */
const METADATA = ['labels', 'annotations', 'finalizers', 'ownerReferences'];

/** The JSON patch that makes one object of the other, as far as it may be written; with uid and resourceVersion as preconditions. */
export function patchBetween(live: KubernetesObject, wanted: KubernetesObject): readonly PatchOperation[] {
  const body = [...new Set([...Object.keys(live), ...Object.keys(wanted)])].filter(
    (field) => !['apiVersion', 'kind', 'metadata', 'status'].includes(field),
  );
  return [
    ...preconditions(live),
    ...body.flatMap((field) => operation([field], asJson(live[field]), asJson(wanted[field]))),
    ...METADATA.flatMap((field) => operation(['metadata', field], asJson(live.metadata[field]), asJson(wanted.metadata[field]))),
  ];
}

/** Replaced by what they are: another object, or another version of it, is not patched. */
export function preconditions({ metadata }: Pick<KubernetesObject, 'metadata'>): readonly PatchOperation[] {
  return ['uid', 'resourceVersion'].map((field) => ({
    op: 'replace',
    path: `/metadata/${field}`,
    value: asJson(metadata[field]) ?? null,
  }));
}

function operation(at: readonly string[], live: JsonValue | undefined, wanted: JsonValue | undefined): readonly PatchOperation[] {
  const path = at.map((field) => `/${field.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  if (isDeepStrictEqual(live, wanted)) return [];
  if (wanted === undefined) return [{ op: 'remove', path }];
  return [{ op: live === undefined ? 'add' : 'replace', path, value: wanted }];
}
