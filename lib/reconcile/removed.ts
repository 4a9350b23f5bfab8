import type { Discovery } from '../kubernetes/client.ts';
import { type ObjectId, objectIdOf, objectKey } from '../manifests/object.ts';
import type { Inventory, InventoryObject } from '../storage/stores.ts';
import type { Item } from './decide.ts';
import { OWNER_LABEL } from './identity.ts';
import { inOrder } from './in-order.ts';
import type { Server } from './observe.ts';
import { endsRun } from './run-error.ts';
import { DEFAULT_NAMESPACE, type DesiredState } from './target.ts';

/** What became of objects that were applied once and are no longer in Git. */
export interface Removed {
  /** False when part of the desired state could not be read, so that nothing can be said of what is missing from it. */
  readonly known: boolean;
  /** Still in the cluster: to be pruned. */
  readonly live: readonly InventoryObject[];
  /** Not there any more, or another row's by now: the inventory forgets them. */
  readonly gone: ReadonlySet<string>;
  /** Keys of those that could not be read. */
  readonly unknown: ReadonlySet<string>;
}

export interface Looking extends Server {
  readonly discovery: Discovery;
  /** The inventory as the last run left it. */
  readonly inventory: Inventory;
}

const CONCURRENCY = 6;

/** Keys of everything desired; of a manifest whose scope is not known, every key that it may mean. */
export function desiredKeys({ targets, waiting, untargeted }: DesiredState): ReadonlySet<string> {
  const unscoped = [...waiting.map(({ object }) => objectIdOf(object)), ...untargeted.map(({ id }) => id)];
  return new Set([...targets.map(({ key }) => key), ...unscoped.flatMap(possibleKeys)]);
}

function possibleKeys(id: ObjectId): readonly string[] {
  const namespaces = id.namespace === '' ? ['', DEFAULT_NAMESPACE] : [id.namespace, ''];
  return namespaces.map((namespace) => objectKey({ ...id, namespace }));
}

/**
 * Looks for what the inventory has and the desired state has not. An object whose uid is that of a desired one is the same object in another
 * API group. Throws an error of the whole cluster.
 */
export async function observeRemoved(desired: DesiredState, planned: readonly Item[], looking: Looking): Promise<Removed> {
  const live: InventoryObject[] = [];
  const gone = new Set<string>();
  const unknown = new Set<string>();
  if (!desired.complete) return { known: false, live, gone, unknown };
  const keys = desiredKeys(desired);
  const uids = new Set(planned.map(({ comparison }) => ('uid' in comparison ? comparison.uid : undefined)));
  const entries = looking.inventory.objects.filter((entry) => !keys.has(objectKey(entry)));
  for await (const { entry, state, uid } of inOrder(entries, CONCURRENCY, (each) => observeEntry(each, looking))) {
    if (state === 'unknown') unknown.add(objectKey(entry));
    else if (state === 'gone' || (uid !== undefined && uids.has(uid))) gone.add(objectKey(entry));
    else live.push({ ...entry, ...(uid === undefined ? {} : { uid }) });
  }
  return { known: true, live, gone, unknown };
}

interface ObservedEntry {
  readonly entry: InventoryObject;
  readonly state: 'live' | 'gone' | 'unknown';
  readonly uid?: string | undefined;
}

async function observeEntry(entry: InventoryObject, { client, identity, signal, discovery }: Looking): Promise<ObservedEntry> {
  const lookup = discovery.lookup(entry.apiVersion, entry.kind);
  // A kind that is not served is no proof that its objects are gone: it may be served again in another version.
  if (!('found' in lookup)) return { entry, state: 'unknown' };
  try {
    const object = await client.get(lookup.found, entry, signal);
    if (object === undefined) return { entry, state: 'gone' };
    const owner = object.metadata.labels?.[OWNER_LABEL];
    const handedOver = owner !== undefined && owner !== identity.owner;
    return { entry, state: handedOver ? 'gone' : 'live', uid: object.metadata.uid };
  } catch (error) {
    if (endsRun(error, signal)) throw error;
    return { entry, state: 'unknown' };
  }
}
