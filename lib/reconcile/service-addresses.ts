import { isJsonArray, isJsonObject, type JsonValue } from '../manifests/json.ts';
import type { KubernetesObject } from '../manifests/object.ts';

/**
 * The addresses and node ports that a Service asks for by value. No two Services can have one of them, and a dry-run does not say so: it
 * allocates nothing.
 */
export function addressesOf({ apiVersion, kind, spec }: KubernetesObject): readonly string[] {
  if (apiVersion !== 'v1' || kind !== 'Service' || !isJsonObject(spec)) return [];
  const ports = listOf(spec.ports).map((port) => (isJsonObject(port) ? port.nodePort : undefined));
  const addresses = [spec.clusterIP, ...listOf(spec.clusterIPs)].filter((address) => address !== '' && address !== 'None');
  const nodePorts = [...ports, spec.healthCheckNodePort].filter((port) => port !== 0);
  return [...addresses, ...nodePorts].flatMap((value) => (value === undefined || value === null ? [] : [String(value)]));
}

function listOf(value: unknown): readonly JsonValue[] {
  return isJsonArray(value) ? value : [];
}
