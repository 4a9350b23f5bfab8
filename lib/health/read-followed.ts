import { inParallel } from '../in-parallel.ts';
import { ApiError } from '../kubernetes/api-error.ts';
import type { ApiResource, KubernetesClient } from '../kubernetes/client.ts';
import type { KubernetesObject, ObjectId } from '../manifests/object.ts';
import { assessHealth } from './assess.ts';
import { type HealthAssessment, unknown } from './assessment.ts';
import type { RecordHealth } from './follow.ts';
import { assessRemovedJob } from './pod-and-job-rules.ts';
import type { HealthRules } from './rules.ts';

/** An object that was written in this run, or was not healthy at the end of the last one. */
export interface FollowedObject {
  /** `objectKey` */
  readonly key: string;
  readonly id: Pick<ObjectId, 'namespace' | 'name'>;
  readonly resource: ApiResource;
  readonly desired: KubernetesObject;
  /** What this run's own read or write of it showed (`assessHealth`); undefined where there was none: then it is read. */
  readonly seen: HealthAssessment | undefined;
  /** From its record, or `startFollowing` for one that was written in this run. */
  readonly before: RecordHealth;
}

export interface Look {
  readonly object: FollowedObject;
  /** What was read, where it may have to be asked for its pods. */
  readonly live: KubernetesObject | undefined;
  readonly assessment: HealthAssessment;
}

export interface FollowReading {
  readonly client: Pick<KubernetesClient, 'get' | 'listInPages'>;
  readonly rules: HealthRules;
  readonly now: Date;
  /** How to list a kind, where that is less than to read so many of its objects one by one; undefined where it is not. */
  readonly listing: (resource: ApiResource, count: number) => { readonly labelSelector?: string } | undefined;
}

/** A cluster where everything is broken must not take the time of the run: the others have their turn in the next ones. */
const MAX_READS = 200;
export const IN_PARALLEL = 4;

/** One look at each object of which it is the turn, and the keys of those that are gone. A read that fails is `unknown`. */
export async function readFollowed(
  objects: readonly FollowedObject[],
  reading: FollowReading,
  signal: AbortSignal,
): Promise<{ readonly looks: readonly Look[]; readonly gone: ReadonlySet<string> }> {
  const looks: Look[] = objects.flatMap((object) =>
    object.seen === undefined ? [] : { object, live: undefined, assessment: object.seen },
  );
  const gone = new Set<string>();
  const unseen = objects.filter(({ seen }) => seen === undefined);
  const listed = await readInPages(unseen, reading, signal);
  looks.push(...listed.values());
  const others = unseen.filter(({ key }) => !listed.has(key));
  await inParallel(inTurn(others, reading.now, MAX_READS), IN_PARALLEL, async (object) => {
    const one = await read(object, reading, signal);
    if (one === undefined) gone.add(object.key);
    else looks.push(one);
  });
  return { looks, gone };
}

/** After a first apply there are thousands of a kind. What the pages do not have is left to be read by itself. */
async function readInPages(
  objects: readonly FollowedObject[],
  { client, rules, listing }: FollowReading,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Look>> {
  const looks = new Map<string, Look>();
  const kinds = Map.groupBy(objects, ({ resource: { group, version, kind } }) => `${group}/${version}/${kind}`);
  for (const [first, ...more] of kinds.values()) {
    if (first === undefined) continue;
    const options = listing(first.resource, more.length + 1);
    if (options === undefined) continue;
    const wanted = new Map([first, ...more].map((object) => [nameOf(object.id), object]));
    try {
      for await (const live of client.listInPages(first.resource, options, signal)) {
        const object = wanted.get(nameOf(live.metadata));
        if (object === undefined) continue;
        wanted.delete(nameOf(live.metadata));
        const assessment = assessHealth(live, rules);
        looks.set(object.key, { object, live: assessment.status === 'current' ? undefined : withoutManagers(live), assessment });
        if (wanted.size === 0) break;
      }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    }
  }
  return looks;
}

/** Most of an object in memory, and of no use here. */
function withoutManagers(live: KubernetesObject): KubernetesObject {
  const { managedFields: _managedFields, ...metadata } = live.metadata;
  return { ...live, metadata };
}

function nameOf({ namespace = '', name }: { readonly namespace?: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}

async function read(object: FollowedObject, { client, rules }: FollowReading, signal: AbortSignal): Promise<Look | undefined> {
  try {
    const live = await client.get(object.resource, object.id, signal);
    if (live !== undefined) return { object, live, assessment: assessHealth(live, rules) };
    const last = object.before.status === 'degraded' ? 'failed' : undefined;
    const removed = assessRemovedJob(object.desired, last);
    return removed === undefined ? undefined : { object, live: undefined, assessment: removed };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { object, live: undefined, assessment: unknown('NotReadable', error.message) };
  }
}

/** At most `count` of them, others in each minute, so that all have their turn. */
export function inTurn<T>(items: readonly T[], now: Date, count: number): readonly T[] {
  if (items.length <= count) return items;
  const first = (Math.floor(now.getTime() / 60_000) * count) % items.length;
  return [...items, ...items].slice(first, first + count);
}
