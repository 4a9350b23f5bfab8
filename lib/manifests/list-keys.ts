import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from './json.ts';
import { groupOf, type KubernetesObject } from './object.ts';
import { CONTAINER_LISTS, mapPodSpec, podSpecsOf } from './pod-specs.ts';

/**
 * The lists that server-side apply merges by key in built-in kinds. Two items with one key are accepted in some of them by client-side
 * apply, and refused, or worse merged, by server-side apply.
 */
const LISTS_OF_POD: Readonly<Record<string, readonly string[]>> = {
  containers: ['name'],
  initContainers: ['name'],
  ephemeralContainers: ['name'],
  volumes: ['name'],
  imagePullSecrets: ['name'],
  hostAliases: ['ip'],
  resourceClaims: ['name'],
  topologySpreadConstraints: ['topologyKey', 'whenUnsatisfiable'],
};
const LISTS_OF_CONTAINER: Readonly<Record<string, readonly string[]>> = {
  env: ['name'],
  ports: ['containerPort', 'protocol'],
  volumeMounts: ['mountPath'],
  volumeDevices: ['devicePath'],
};

/** The first list with two items of one key, in words: `spec.template.spec.containers[name=app].env has "PORT" twice`. */
export function duplicateListKey(object: KubernetesObject): string | undefined {
  for (const { path, spec } of podSpecsOf(object)) {
    const found = duplicateIn(spec, path, LISTS_OF_POD);
    if (found !== undefined) return found;
    for (const { path: at, container } of containersOf(path, spec)) {
      const inside = duplicateIn(container, at, LISTS_OF_CONTAINER);
      if (inside !== undefined) return inside;
    }
  }
  if (isKind(object, '', 'Service') && isJsonObject(object.spec)) {
    return duplicateIn(object.spec, 'spec', { ports: ['port', 'protocol'] });
  }
  if (groupOf(object.apiVersion) === 'admissionregistration.k8s.io') return duplicateIn(object, '', { webhooks: ['name'] });
  return undefined;
}

/** Adds `protocol: TCP` where a port of a container or a Service has none: it is part of the list's key, and the server defaults it too late. */
export function defaultProtocols(object: KubernetesObject): KubernetesObject {
  if (isKind(object, '', 'Service') && isJsonObject(object.spec)) {
    const ports = withProtocols(object.spec.ports);
    return ports === object.spec.ports || ports === undefined ? object : { ...object, spec: { ...object.spec, ports } };
  }
  return mapPodSpec(object, (spec) => {
    const changed: Record<string, JsonValue> = {};
    for (const list of CONTAINER_LISTS) {
      const containers = spec[list];
      if (!isJsonArray(containers)) continue;
      changed[list] = containers.map((container) => {
        if (!isJsonObject(container)) return container;
        const ports = withProtocols(container.ports);
        return ports === undefined ? container : { ...container, ports };
      });
    }
    return { ...spec, ...changed };
  });
}

function withProtocols(ports: JsonValue | undefined): JsonValue | undefined {
  if (!isJsonArray(ports)) return ports;
  if (!ports.some((port) => isJsonObject(port) && port.protocol === undefined)) return ports;
  return ports.map((port) => (isJsonObject(port) && port.protocol === undefined ? { ...port, protocol: 'TCP' } : port));
}

function duplicateIn(holder: object, path: string, lists: Readonly<Record<string, readonly string[]>>): string | undefined {
  for (const [field, keys] of Object.entries(lists)) {
    const list: unknown = isJsonObject(holder) ? holder[field] : undefined;
    if (!isJsonArray(list)) continue;
    const seen = new Set<string>();
    for (const item of list) {
      const key = isJsonObject(item) ? keys.map((name) => String(item[name] ?? '')).join('/') : undefined;
      if (key === undefined) continue;
      if (seen.has(key)) return `${path === '' ? '' : `${path}.`}${field} has "${key}" twice`;
      seen.add(key);
    }
  }
  return undefined;
}

function containersOf(path: string, spec: JsonObject): { path: string; container: JsonObject }[] {
  return CONTAINER_LISTS.flatMap((field) => {
    const list = spec[field];
    if (!isJsonArray(list)) return [];
    return list.filter(isJsonObject).map((container) => ({ path: `${path}.${field}[name=${String(container.name)}]`, container }));
  });
}

function isKind(object: KubernetesObject, group: string, kind: string): boolean {
  return object.kind === kind && groupOf(object.apiVersion) === group;
}
