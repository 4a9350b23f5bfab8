import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from './json.ts';
import { groupOf, type KubernetesObject } from './object.ts';

/** A pod spec inside an object, with where it is. */
export interface PodSpecAt {
  /** `spec.template.spec`; `spec` of a Pod. */
  readonly path: string;
  readonly spec: JsonObject;
}

const POD_SPEC_PATHS: Readonly<Record<string, readonly string[]>> = {
  '/Pod': ['spec'],
  '/PodTemplate': ['template', 'spec'],
  '/ReplicationController': ['spec', 'template', 'spec'],
  'apps/Deployment': ['spec', 'template', 'spec'],
  'apps/StatefulSet': ['spec', 'template', 'spec'],
  'apps/DaemonSet': ['spec', 'template', 'spec'],
  'apps/ReplicaSet': ['spec', 'template', 'spec'],
  'batch/Job': ['spec', 'template', 'spec'],
  'batch/CronJob': ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
};

/** The lists of a pod spec that hold containers. */
export const CONTAINER_LISTS = ['initContainers', 'containers', 'ephemeralContainers'] as const;

/** The pod specs of a built-in workload: one, or none when the object has no pod template (or it is not there). */
export function podSpecsOf(object: KubernetesObject): readonly PodSpecAt[] {
  const path = podSpecPath(object);
  if (path === undefined) return [];
  let value: unknown = object;
  for (const field of path) value = isJsonObject(value) ? value[field] : undefined;
  return isJsonObject(value) ? [{ path: path.join('.'), spec: value }] : [];
}

/**
 * The object with every image string of its pod templates replaced by what `change` returns: containers, init and ephemeral containers,
 * and image volumes. `path` is where the string is, with list items by name: `spec.template.spec.containers[name=app].image`.
 * The object itself comes back when nothing changed.
 */
export function mapImages(object: KubernetesObject, change: (image: string, path: string) => string): KubernetesObject {
  return mapPodSpec(object, (spec, path) => mapSpecImages({ path, spec }, change));
}

/** The object with its pod spec replaced; the object itself when it has none or `change` returns the spec that it got. */
export function mapPodSpec(object: KubernetesObject, change: (spec: JsonObject, path: string) => JsonObject): KubernetesObject {
  const [found] = podSpecsOf(object);
  const path = podSpecPath(object);
  if (found === undefined || path === undefined) return object;
  const spec = change(found.spec, found.path);
  return spec === found.spec ? object : { ...object, ...replaceAt(object, path, spec) };
}

function podSpecPath(object: KubernetesObject): readonly string[] | undefined {
  return POD_SPEC_PATHS[`${groupOf(object.apiVersion)}/${object.kind}`];
}

function mapSpecImages({ path, spec }: PodSpecAt, change: (image: string, path: string) => string): JsonObject {
  const changed: Record<string, JsonValue> = {};
  for (const field of CONTAINER_LISTS) {
    const list = mapItems(spec[field], `${path}.${field}`, (item, at) => mapImage(item, 'image', at, change));
    if (list !== spec[field] && list !== undefined) changed[field] = list;
  }
  const volumes = mapItems(spec.volumes, `${path}.volumes`, (volume, at) => {
    if (!isJsonObject(volume.image)) return volume;
    const image = mapImage(volume.image, 'reference', `${at}.image`, change);
    return image === volume.image ? volume : { ...volume, image };
  });
  if (volumes !== spec.volumes && volumes !== undefined) changed.volumes = volumes;
  return Object.keys(changed).length === 0 ? spec : { ...spec, ...changed };
}

function mapImage(holder: JsonObject, field: string, path: string, change: (image: string, path: string) => string): JsonObject {
  const image = holder[field];
  if (typeof image !== 'string') return holder;
  const next = change(image, `${path}.${field}`);
  return next === image ? holder : { ...holder, [field]: next };
}

function mapItems(
  list: JsonValue | undefined,
  path: string,
  change: (item: JsonObject, path: string) => JsonObject,
): JsonValue | undefined {
  if (!isJsonArray(list)) return list;
  let differs = false;
  const next = list.map((item, index) => {
    if (!isJsonObject(item)) return item;
    const changed = change(item, `${path}[${typeof item.name === 'string' ? `name=${item.name}` : index}]`);
    differs ||= changed !== item;
    return changed;
  });
  return differs ? next : list;
}

function replaceAt(holder: object, path: readonly string[], value: JsonObject): JsonObject {
  const [field, ...rest] = path;
  if (field === undefined) return value;
  const inner: unknown = isJsonObject(holder) ? holder[field] : undefined;
  return { ...holder, [field]: replaceAt(isJsonObject(inner) ? inner : {}, rest, value) };
}
