import { groupOf, type KubernetesObject } from './object.ts';

/** Which objects a rule of `plumbline.yaml` is about: those that fit everything that it says. One that says nothing fits all. */
export interface ObjectSelector {
  /** `Deployment`, or with its group `Deployment.apps`. */
  readonly kind?: string;
  /** `*` at its end stands for any rest, here and in `namespace`. */
  readonly name?: string;
  readonly namespace?: string;
  /** All of them, with these values. */
  readonly labels?: Readonly<Record<string, string>>;
}

export function selects({ kind, name, namespace, labels = {} }: ObjectSelector, object: KubernetesObject): boolean {
  const { metadata } = object;
  return (
    (kind === undefined || kind === object.kind || kind === `${object.kind}.${groupOf(object.apiVersion)}`) &&
    (name === undefined || fits(name, metadata.name)) &&
    (namespace === undefined || fits(namespace, metadata.namespace ?? '')) &&
    Object.entries(labels).every(([label, value]) => metadata.labels?.[label] === value)
  );
}

function fits(pattern: string, text: string): boolean {
  return pattern.endsWith('*') ? text.startsWith(pattern.slice(0, -1)) : text === pattern;
}
