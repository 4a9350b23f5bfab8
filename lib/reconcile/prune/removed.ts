import { type Failure, failureOf } from '../../errors.ts';
import type { ApiResource, Discovery } from '../../kubernetes/client.ts';
import { describeObject, type KubernetesObject, type ObjectId, objectIdOf, objectKey } from '../../manifests/object.ts';
import type { Inventory, InventoryObject } from '../../storage/stores.ts';
import type { Item } from '../decide.ts';
import { OWNER_LABEL, type WriterIdentity } from '../identity.ts';
import { inOrder } from '../in-order.ts';
import { appliedFields } from '../managed-fields.ts';
import type { Server } from '../observe.ts';
import { otherOwner } from '../ownership.ts';
import { endsRun } from '../run-error.ts';
import { type DesiredState, definedKindOf } from '../target.ts';

/** What became of objects that were applied once and are no longer in Git. */
export interface Removed {
  /** False when part of the desired state could not be read, so that nothing can be said of what is missing from it. */
  readonly known: boolean;
  /** Still in the cluster, as they were seen. */
  readonly live: readonly RemovedObject[];
  /** Not there any more, or another deployer's by now, or stripped of every mark of ours: the inventory forgets them. */
  readonly gone: ReadonlySet<string>;
  /** By key, those that could not be read, and why: nobody knows whether they are still there. */
  readonly unknown: ReadonlyMap<string, UnknownEntry>;
}

export interface RemovedObject {
  readonly entry: InventoryObject;
  readonly live: KubernetesObject;
  readonly resource: ApiResource;
}

export interface UnknownEntry {
  readonly entry: InventoryObject;
  readonly failure: Failure;
}

export interface Looking extends Server {
  readonly discovery: Discovery;
  /** The inventory as the last run left it. */
  readonly inventory: Inventory;
}

const CONCURRENCY = 6;

/** Keys of everything desired; of a manifest whose scope is not known, every key that it may mean. */
export function desiredKeys({ targets, waiting, untargeted, defaultNamespace }: DesiredState): ReadonlySet<string> {
  const unscoped = [...waiting.map(({ object }) => objectIdOf(object)), ...untargeted.map(({ id }) => id)];
  return new Set([...targets.map(({ key }) => key), ...unscoped.flatMap((id) => possibleKeys(id, defaultNamespace))]);
}

function possibleKeys(id: ObjectId, defaultNamespace: string): readonly string[] {
  const namespaces = id.namespace === '' ? ['', defaultNamespace] : [id.namespace, ''];
  return namespaces.map((namespace) => objectKey({ ...id, namespace }));
}

/**
 * Looks for what the inventory has and the desired state has not. An object whose uid is that of a desired one is the same object in another
 * API group. Throws an error of the whole cluster.
 */
export async function observeRemoved(desired: DesiredState, planned: readonly Item[], looking: Looking): Promise<Removed> {
  const live: RemovedObject[] = [];
  const gone = new Set<string>();
  const unknown = new Map<string, UnknownEntry>();
  if (!desired.complete) return { known: false, live, gone, unknown };
  const keys = desiredKeys(desired);
  const uids = new Set<string | symbol | undefined>(planned.map(({ comparison }) => ('uid' in comparison ? comparison.uid : undefined)));
  const entries = looking.inventory.objects.filter((entry) => entry.absent?.orphaned !== true && !keys.has(objectKey(entry)));
  for await (const observed of inOrder(entries, CONCURRENCY, (each) => observeEntry(each, looking))) {
    const { entry } = observed;
    if (observed.state === 'unknown') unknown.set(objectKey(entry), observed);
    else if (observed.state === 'gone' || uids.has(observed.live.metadata.uid ?? NO_UID)) gone.add(objectKey(entry));
    else live.push(observed);
  }
  return { known: true, live, gone, unknown };
}

const NO_UID = Symbol('no uid');

type ObservedEntry =
  | ({ readonly state: 'live' } & RemovedObject)
  | { readonly state: 'gone'; readonly entry: InventoryObject }
  | ({ readonly state: 'unknown' } & UnknownEntry);

async function observeEntry(entry: InventoryObject, looking: Looking): Promise<ObservedEntry> {
  const { client, identity, signal, discovery } = looking;
  // The version that it was applied in may not be served any more.
  const lookup = discovery.lookupInGroup(entry.group, entry.kind);
  if ('gap' in lookup) {
    return { state: 'unknown', entry, failure: { reason: 'DiscoveryGap', message: `${describeObject(entry)}: ${lookup.gap}` } };
  }
  try {
    if ('absent' in lookup) return await observeUnserved(entry, looking);
    const object = await client.get(lookup.found, entry, signal);
    if (object === undefined) return { state: 'gone', entry };
    return isOurs(object, entry, identity) ? { state: 'live', entry, live: object, resource: lookup.found } : { state: 'gone', entry };
  } catch (error) {
    if (endsRun(error, signal)) throw error;
    return { state: 'unknown', entry, failure: failureOf(error) };
  }
}

/** Whether it is still the row's to judge: nobody else keeps it, and something of ours is left on it. */
function isOurs(live: KubernetesObject, { uid }: InventoryObject, identity: WriterIdentity): boolean {
  const { apiVersion, kind, metadata } = live;
  if (otherOwner(live, { apiVersion, kind, metadata: { name: metadata.name } }, identity) !== undefined) return false;
  if (appliedFields(live, identity.fieldManager) !== undefined) return true;
  const isTheSame = uid === undefined || uid === metadata.uid;
  return isTheSame && metadata.labels?.[OWNER_LABEL] === identity.owner;
}

/** The objects of a kind go with its definition; a server that has just started can have the definition and not serve the kind yet. */
async function observeUnserved(entry: InventoryObject, { client, signal, discovery }: Looking): Promise<ObservedEntry> {
  const definitions = discovery.lookupInGroup('apiextensions.k8s.io', 'CustomResourceDefinition');
  const defined =
    !('found' in definitions) ||
    (await client.list(definitions.found, {}, signal)).some((definition) => definedKindOf(definition) === `${entry.group}/${entry.kind}`);
  if (!defined) return { state: 'gone', entry };
  const message = `${describeObject(entry)}: the cluster does not serve its kind just now. The next run looks again.`;
  return { state: 'unknown', entry, failure: { reason: 'DiscoveryGap', message } };
}
