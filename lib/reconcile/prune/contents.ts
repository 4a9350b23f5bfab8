import { type Failure, PlumblineError } from '../../errors.ts';
import type { ApiResource, Discovery, KubernetesClient } from '../../kubernetes/client.ts';
import { describeObject, type KubernetesObject, objectIdOf } from '../../manifests/object.ts';
import { inOrder } from '../in-order.ts';
import { definedKindOf } from '../target.ts';
import { because } from './guards.ts';
import type { RemovedObject } from './removed.ts';

export interface Inspecting {
  readonly client: KubernetesClient;
  readonly discovery: Discovery;
  /** Uids of objects that count for nothing, since they go before. */
  readonly going?: ReadonlySet<string>;
}

const CONCURRENCY = 4;
/** Of one kind; more do not change the answer. */
const LISTED = 50;
const NAMED = 3;

/**
 * Why a Namespace or CustomResourceDefinition is not deleted yet: it is not empty, and what it holds would go with it, whoever put it there.
 * Undefined when it is empty, or is neither. Throws when part of it cannot be listed: then nobody knows.
 */
export async function notEmpty(
  removed: RemovedObject,
  { client, discovery, going = new Set() }: Inspecting,
  signal: AbortSignal,
): Promise<Failure | undefined> {
  const { entry, live } = removed;
  const isNamespace = live.apiVersion === 'v1' && live.kind === 'Namespace';
  const kinds = isNamespace ? namespacedKinds(live, discovery) : definedKinds(live, discovery);
  const where = isNamespace ? { namespace: entry.name } : {};
  const atMost = LISTED + going.size;
  const counts = (object: KubernetesObject) => !isEverywhere(object) && !going.has(object.metadata.uid ?? '');
  const held: KubernetesObject[] = [];
  for await (const objects of inOrder(kinds, CONCURRENCY, (kind) => client.list(kind, { ...where, atMost }, signal))) {
    // Behind a full page there may be anything.
    held.push(...(objects.length < atMost ? objects.filter(counts) : objects));
  }
  if (held.length === 0) return undefined;
  const names = held.slice(0, NAMED).map((object) => describeObject(objectIdOf(object)));
  const rest = held.length > NAMED ? ' and more' : '';
  return because(entry, 'NotEmpty', `it is deleted once it is empty, and it holds ${names.join(', ')}${rest}.`);
}

function definedKinds(live: KubernetesObject, discovery: Discovery): readonly ApiResource[] {
  const defined = definedKindOf(live);
  if (defined === undefined) return [];
  const [group = '', kind = ''] = defined.split('/');
  const lookup = discovery.lookupInGroup(group, kind);
  if ('found' in lookup) return [lookup.found];
  throw new UnservedKindError(live, kind);
}

class UnservedKindError extends PlumblineError {
  constructor({ kind, metadata }: KubernetesObject, defined: string) {
    super('DiscoveryGap', `${kind} ${metadata.name}: the cluster does not serve ${defined} just now. The next run looks again.`);
  }
}

class UntoldKindsError extends PlumblineError {
  constructor(namespace: string) {
    super(
      'DiscoveryGap',
      `Namespace ${namespace}: the API server does not say of every API what it serves, so that nobody knows what is in it. Look at its APIServices.`,
    );
  }
}

/** What is not told of may be in it. One version of each kind. What is computed on asking (metrics, reviews) is no object, and nobody can create it. */
function namespacedKinds({ metadata }: KubernetesObject, discovery: Discovery): readonly ApiResource[] {
  const { apiVersions, complete } = discovery.served();
  if (!complete) throw new UntoldKindsError(metadata.name);
  const kinds = new Map<string, ApiResource>();
  for (const served of apiVersions) {
    const apiVersion = served.slice(0, served.lastIndexOf('/'));
    const lookup = discovery.lookup(apiVersion, served.slice(apiVersion.length + 1));
    if (!('found' in lookup)) continue;
    const { group, kind, namespaced, verbs } = lookup.found;
    const isStored = namespaced && verbs.includes('list') && verbs.includes('create');
    if (isStored && !kinds.has(`${group}/${kind}`)) kinds.set(`${group}/${kind}`, lookup.found);
  }
  return [...kinds.values()];
}

/** What the cluster puts into every namespace, again and again. */
function isEverywhere({ apiVersion, kind, metadata }: KubernetesObject): boolean {
  if (kind === 'Event') return true;
  if (apiVersion !== 'v1') return false;
  return (kind === 'ServiceAccount' && metadata.name === 'default') || (kind === 'ConfigMap' && metadata.name === 'kube-root-ca.crt');
}
