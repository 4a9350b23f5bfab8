import { parse } from 'yaml';
import type { KubernetesObject } from '../../../lib/manifests/object.ts';

/** An object with a name, from the YAML of the rest. */
export function object(yaml: string): KubernetesObject {
  const { apiVersion, kind, metadata, ...rest } = parse(yaml);
  return { apiVersion, kind, ...rest, metadata: { name: 'web', namespace: 'shop', uid: 'u1', ...metadata } };
}
