import { failureOf } from '../errors.ts';
import type { ApiResource } from '../kubernetes/client.ts';
import { type ObjectMeta, objectKey } from '../manifests/object.ts';
import { OWNER_LABEL } from './identity.ts';
import { inOrder } from './in-order.ts';
import type { Server } from './observe.ts';
import type { PlanItem } from './plan.ts';
import { desiredKeys } from './prune/index.ts';
import { endsRun } from './run-error.ts';
import type { DesiredState } from './target.ts';

const CONCURRENCY = 4;

/** What the cluster puts into every namespace itself. */
const OF_EVERY_NAMESPACE: ReadonlySet<string> = new Set(['/ConfigMap/kube-root-ca.crt', '/ServiceAccount/default', '/Service/kubernetes']);

/**
 * Objects that nobody has put into Git: of the kinds and in the namespaces that the desired state has, not ours, and of no other object. A kind
 * that cannot be listed is an item with its error. Throws an error of the whole cluster.
 */
export async function listUnmanaged(desired: DesiredState, server: Server): Promise<readonly PlanItem[]> {
  const namespaced = desired.targets.filter(({ resource }) => resource.namespaced);
  const kinds = new Map(namespaced.map(({ resource }) => [`${resource.group}/${resource.kind}`, resource]));
  const namespaces = new Set(namespaced.map(({ id }) => id.namespace));
  const keys = desiredKeys(desired);
  const items: PlanItem[] = [];
  for await (const found of inOrder(kinds.values(), CONCURRENCY, (resource) => listKind(resource, { namespaces, keys }, server))) {
    items.push(...found);
  }
  return items;
}

interface Managed {
  readonly namespaces: ReadonlySet<string>;
  readonly keys: ReadonlySet<string>;
}

async function listKind(resource: ApiResource, managed: Managed, { client, identity, signal }: Server): Promise<readonly PlanItem[]> {
  const { group, version, kind } = resource;
  const apiVersion = group === '' ? version : `${group}/${version}`;
  try {
    const { items } = await client.listMetadata(
      resource,
      { reduce: (metadata) => (isUnmanaged(resource, metadata, managed, identity.owner) ? metadata : undefined) },
      signal,
    );
    return items.map(({ namespace = '', name, uid, managedFields = [] }) => ({
      object: { apiVersion, kind, namespace, name, ...(uid === undefined ? {} : { uid }) },
      action: 'unmanaged',
      changes: [],
      from: [...new Set(managedFields.flatMap(({ manager = '' }) => (manager === '' ? [] : [manager])))].join(', ') || 'unknown',
    }));
  } catch (error) {
    if (endsRun(error, signal)) throw error;
    return [{ object: { apiVersion, kind, namespace: '', name: '*' }, action: 'error', changes: [], error: failureOf(error) }];
  }
}

function isUnmanaged({ group, kind }: ApiResource, metadata: ObjectMeta, { namespaces, keys }: Managed, owner: string): boolean {
  const { namespace = '', name, labels, ownerReferences } = metadata;
  return (
    namespaces.has(namespace) &&
    !keys.has(objectKey({ group, kind, namespace, name })) &&
    labels?.[OWNER_LABEL] !== owner &&
    !(Array.isArray(ownerReferences) && ownerReferences.length > 0) &&
    !OF_EVERY_NAMESPACE.has(`${group}/${kind}/${name}`)
  );
}
