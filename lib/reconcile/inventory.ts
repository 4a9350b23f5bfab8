import { isDeepStrictEqual } from 'node:util';
import { objectKey } from '../manifests/object.ts';
import type { Inventory, InventoryObject } from '../storage/stores.ts';
import type { AppliedItem } from './apply.ts';
import { RECREATED } from './compare.ts';
import type { Item } from './decide.ts';
import { isEqual } from './equal.ts';
import { isJob, jobHash } from './jobs.ts';
import { present, pruneMark } from './prune/index.ts';

/** What is known of the cluster with this uid: what a row that was pointed at another one has applied there says nothing of this one. */
export function inventoryOf(clusterUid: string, stored: Inventory | undefined): Inventory {
  if (stored === undefined || stored.clusterUid === clusterUid) return stored ?? { clusterUid, objects: [] };
  const { version } = stored;
  return { clusterUid, objects: [], ...(version === undefined ? {} : { version }) };
}

/**
 * The inventory as it has to be stored before the first write: all that was there, and all that this run may write or has seen equal to
 * Git. An object whose write is cut off is then known to the next run.
 */
export function declareInventory(previous: Inventory, items: readonly Item[]): Inventory {
  const objects = new Map(previous.objects.map((entry) => [objectKey(entry), entry]));
  for (const item of items) {
    const { key, id, object } = item.target;
    const known = objects.get(key);
    if (item.action === 'leave' && !isEqual(item) && known === undefined) continue;
    objects.set(key, {
      ...(known === undefined ? {} : present(known)),
      ...id,
      apiVersion: object.apiVersion,
      ...firstContact(item, known),
      ...(item.action === 'recreate' ? { recreating: true } : {}),
    });
  }
  return { ...previous, objects: sorted(objects.values()) };
}

/** Of an object that was there before us that is what is remembered for good. */
function firstContact({ comparison }: Item, known: InventoryObject | undefined): Pick<InventoryObject, 'adopted'> {
  const isAdopted = comparison.state === 'present' && comparison.adoptedFrom !== undefined;
  return isAdopted && known?.uid === undefined ? { adopted: true } : {};
}

/** The inventory after the writes: uids as the server gave them, and the artifact that each object is at now, with what that asks for. */
export function settleInventory(declared: Inventory, applied: readonly AppliedItem[], digest: string): Inventory {
  const items = new Map(applied.map((item) => [item.target.key, item]));
  const settled = declared.objects.map((entry): InventoryObject => {
    const item = items.get(objectKey(entry));
    if (item === undefined) return entry;
    const uid = uidOf(item) ?? entry.uid;
    const { prune: _prune, recreating: _recreating, job: _job, ...rest } = entry;
    const brought = isAt(item) ? { ...rest, artifact: digest, ...pruneMark(item.target.object), ...jobOf(item) } : entry;
    return { ...brought, ...firstContact(item, entry), ...(uid === undefined ? {} : { uid }) };
  });
  return { ...declared, objects: sorted(settled) };
}

/**
 * A Job that is there says itself whether it has run, and one that was created just now has not, whatever one of its name did. Of any other
 * what was known holds on: a run that cannot see a Job that has run is no reason to run it again.
 */
function jobOf({ target: { object, knownJob }, comparison, result }: AppliedItem): Pick<InventoryObject, 'job'> {
  if (!isJob(object)) return {};
  const hash = jobHash(object);
  const isKnown = comparison.state !== 'present' && result.state !== 'written' && knownJob?.hash === hash && knownJob.finished === true;
  const isSeen = 'finished' in comparison && comparison.finished === true;
  return { job: { hash, ...(isKnown || isSeen ? { finished: true } : {}) } };
}

/** Whether the cluster is at this artifact's version of every object. */
export function isAppliedInFull(settled: Inventory, applied: readonly AppliedItem[], digest: string): boolean {
  const versions = new Map(settled.objects.map((entry) => [objectKey(entry), entry.artifact]));
  return applied.every(({ target }) => versions.get(target.key) === digest);
}

/** Whether the cluster was brought to this artifact's version of an object, or Git says the same of it as in the one that it is at. */
function isAt(item: AppliedItem): boolean {
  const isRolledOut =
    item.result.state === 'written' && !item.findings.some(({ kind, decision }) => kind === 'rollout' && decision === 'held');
  return isRolledOut || isEqual(item) || !item.target.moved;
}

/**
 * The uid is remembered from what is ours: of a recreated object only once its difference has been dealt with. Where nothing is written, one
 * that is as Git says it is told once.
 */
function uidOf(item: AppliedItem): string | undefined {
  if (item.result.state === 'written') return item.result.uid;
  return (isEqual(item) || isTold(item)) && 'uid' in item.comparison ? item.comparison.uid : undefined;
}

function isTold({ findings: [only, ...others] }: AppliedItem): boolean {
  return only?.class === RECREATED && only.decision === 'observed' && only.differences.length === 0 && others.length === 0;
}

export function sameInventory(a: Inventory, b: Inventory): boolean {
  return isDeepStrictEqual(a, b);
}

function sorted(entries: Iterable<InventoryObject>): readonly InventoryObject[] {
  return [...entries].toSorted((a, b) => (objectKey(a) < objectKey(b) ? -1 : 1));
}
