import type { RolloutHealth } from '../fleet/cluster.ts';
import {
  type FollowDependencies,
  type FollowedObject,
  type FollowedResult,
  followObjects,
  type HealthPolicy,
  type RecordHealth,
  startFollowing,
} from '../health/index.ts';
import { isJsonObject } from '../manifests/json.ts';
import { describeObject, objectKey } from '../manifests/object.ts';
import type { Fact } from '../records/fact.ts';
import { HEALTH } from '../records/record.ts';
import type { Inventory, InventoryObject } from '../storage/stores.ts';
import type { AppliedItem } from './apply.ts';
import { recordObject } from './changes.ts';
import type { Item } from './decide.ts';
import { isWorthInPages } from './read-candidates.ts';
import type { Session } from './session.ts';
import { kindOf, nameOf, oursIn, type Surface } from './surface/index.ts';
import type { Target } from './target.ts';

/** What is known of one followed object after this run: by key, undefined when nothing is left to follow. */
export type Health = ReadonlyMap<string, FollowedHealth>;

export interface FollowedHealth extends FollowedResult {
  readonly item: AppliedItem;
  /** At which it was looked at; undefined when it was not listed. */
  readonly resourceVersion: string | undefined;
}

/**
 * Looks before the first write at what new objects wait for, where an earlier run left it unhealthy: what came up since then need not keep them
 * for another run. `assessAll` takes that for its own look, so that nothing is read twice.
 */
export async function assessDependencies(items: readonly Item[], surface: Surface, session: Session): Promise<readonly Item[]> {
  const { health, clock } = session;
  const awaited = new Set(items.flatMap(({ action, target }) => (action === 'create' ? (target.dependsOn ?? []) : [])));
  const now = clock.now();
  const due = items
    .filter(({ action, target }) => action === 'leave' && awaited.has(target.key))
    .flatMap((item) => followedOf({ ...item, result: { state: 'left' } }, surface, health, now) ?? [])
    .filter(({ isDue }) => isDue);
  if (due.length === 0) return items;
  const looked = await look(due, surface, session, now);
  return items.map((item) => {
    const result = looked.get(item.target.key);
    return result === undefined ? item : { ...item, target: { ...item.target, looked: result } };
  });
}

/**
 * Looks once more at what was written in this run or is not healthy since an earlier one. An object is read only when it moved since the last
 * look, when its pods may say more by now, or when its time is up. It writes nothing; what cannot be read is never healthy.
 */
export async function assessAll(applied: readonly AppliedItem[], surface: Surface, session: Session): Promise<Health> {
  const { health, clock } = session;
  const now = clock.now();
  const followed = applied.flatMap((item) => followedOf(item, surface, health, now) ?? []);
  const due = followed.filter(({ item, isDue }) => isDue && !wasLookedAt(item));
  const looked = await look(due, surface, session, now);
  return new Map(
    followed.map(({ item, object, resourceVersion }) => {
      const before = wasLookedAt(item) ? item.target.looked : undefined;
      const result = before ?? looked.get(object.key) ?? { key: object.key, health: object.before, changed: false, isOver: false };
      return [object.key, { ...result, item, resourceVersion }];
    }),
  );
}

/** Whether what was seen of it before the first write still holds: it was not written since. */
function wasLookedAt({ target, result }: AppliedItem): boolean {
  return target.looked !== undefined && result.state !== 'written';
}

/** What was written has to be recorded: a run that is out of time, or that nobody answers any more, looks again next time. */
async function look(
  due: readonly Following[],
  surface: Surface,
  { client, health, signal, identity, row }: Session,
  now: Date,
): Promise<ReadonlyMap<string, FollowedResult>> {
  const listing: FollowDependencies['listing'] = (resource, count) => {
    const kind = surface.kinds.get(kindOf(resource));
    return kind?.state === 'listed' && isWorthInPages(count, kind.objects.size) ? oursIn({ identity, row }) : undefined;
  };
  try {
    const objects = due.map(({ object }) => object);
    const results = await followObjects(objects, { client, rules: health.rules, now, listing }, signal);
    return new Map(results.map((result) => [result.key, result]));
  } catch {
    return new Map();
  }
}

interface Following {
  readonly item: AppliedItem;
  readonly object: FollowedObject;
  readonly isDue: boolean;
  readonly resourceVersion: string | undefined;
}

function followedOf(item: AppliedItem, surface: Surface, { deadlineSeconds }: HealthPolicy, now: Date): Following | undefined {
  const { target, result } = item;
  const { key, id, resource, object: desired, followed } = target;
  const about = { key, id, resource, desired };
  if (result.state === 'written') {
    // What works at once has no story.
    if (result.health?.status === 'current' && followed === undefined) return undefined;
    const before = startFollowing(desired, now, deadlineSeconds);
    return { item, object: { ...about, seen: result.health, before }, isDue: true, resourceVersion: result.facts?.resourceVersion };
  }
  if (followed === undefined) return undefined;
  const { resourceVersion: seenAt, ...before } = followed;
  const kind = surface.kinds.get(kindOf(resource));
  const resourceVersion = kind?.state === 'listed' ? kind.objects.get(nameOf(id))?.resourceVersion : undefined;
  const hasMoved = resourceVersion === undefined || resourceVersion !== seenAt;
  return { item, object: { ...about, seen: undefined, before }, isDue: hasMoved || maySayMore(before, now), resourceVersion };
}

/** Its controller has not looked at it: until it does, the object itself moves. */
const UNOBSERVED: ReadonlySet<string> = new Set(['LatestGenerationNotObserved', 'NotObserved', 'NoStatus']);

/** Pods fail without their workload moving, and time passes without anybody. */
function maySayMore({ status, reason, deadlineAt }: RecordHealth, now: Date): boolean {
  return status === 'progressing' && (!UNOBSERVED.has(reason) || now.getTime() >= Date.parse(deadlineAt));
}

/** What the records say of health: of an object that is in trouble as long as it is, and of one that came up, once. */
export function healthFacts(health: Health, now: string): readonly Fact[] {
  return [...health.values()].flatMap((followed) => healthFact(followed, now) ?? []);
}

function healthFact({ item: { target }, health, isOver }: FollowedHealth, now: string): Fact | undefined {
  const { status, reason, message, at } = health;
  if (isOver ? !isNews(target, status) : status === 'progressing') return undefined;
  const fact: Fact = {
    kind: 'rollout',
    object: recordObject(target, target.knownUid),
    class: HEALTH,
    changes: [],
    decision: 'reported',
    health: { status, reason, message, at },
  };
  return isOver ? { ...fact, verifiedAt: now } : { ...fact, error: { reason, message: `${describeObject(target.id)}: ${message}` } };
}

/** That an object came up is news of what has pods, and of what was in trouble. What is gone before it is healthy is drift. */
function isNews({ object, followed }: Target, status: RecordHealth['status']): boolean {
  if (status !== 'healthy') return false;
  const hasPods = isJsonObject(object.spec) && isJsonObject(object.spec.template);
  return hasPods || followed?.status === 'degraded' || followed?.status === 'timed-out';
}

/** What is on the way and what does not work, of all that is in Git. What is not known yet is on the way. */
export function countRollouts({ objects }: Pick<Inventory, 'objects'>): Omit<RolloutHealth, 'at'> {
  const followed = objects.flatMap((entry) => (entry.absent === undefined && entry.followed !== undefined ? entry.followed.status : []));
  const degraded = followed.filter((status) => status === 'degraded' || status === 'timed-out').length;
  return { degraded, progressing: followed.length - degraded };
}

/** The inventory with what the next run has to know of the health of each object. */
export function rememberHealth(inventory: Inventory, health: Health): Inventory {
  return { ...inventory, objects: inventory.objects.map((entry) => withHealth(entry, health.get(objectKey(entry)))) };
}

function withHealth(entry: InventoryObject, result: FollowedHealth | undefined): InventoryObject {
  if (result === undefined) return entry;
  const { followed: _followed, ...rest } = entry;
  if (result.isOver) return rest;
  const { resourceVersion } = result;
  return { ...rest, followed: { ...result.health, ...(resourceVersion === undefined ? {} : { resourceVersion }) } };
}
