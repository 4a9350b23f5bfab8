import { inParallel } from '../in-parallel.ts';
import { ApiError } from '../kubernetes/api-error.ts';
import type { ApiResource, KubernetesClient } from '../kubernetes/client.ts';
import type { KubernetesObject, ObjectId } from '../manifests/object.ts';
import { assessHealth } from './assess.ts';
import { type HealthAssessment, unknown } from './assessment.ts';
import { asksPods, type FollowUp, followUp, type RecordHealth } from './follow.ts';
import { assessRemovedJob } from './pod-and-job-rules.ts';
import type { HealthRules } from './rules.ts';
import { podSelectorOf, readPodReason } from './workload-pods.ts';

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

export interface FollowedResult extends FollowUp {
  readonly key: string;
}

export interface FollowDependencies {
  readonly client: Pick<KubernetesClient, 'get' | 'list'>;
  readonly rules: HealthRules;
  readonly now: Date;
}

/** A cluster where everything is broken must not take the time of the run: the others have their turn in the next ones. */
const MAX_READS = 200;
const MAX_POD_READS = 20;
const IN_PARALLEL = 4;

/**
 * One more look at each followed object: a GET for those that the run has not seen, and pods for those that do not come up. A result for each
 * object, in their order. One that is gone is not followed any more: that is drift, unless it is a Job that its TTL removed. One whose turn has
 * not come keeps what was known of it. A read that fails is `unknown`, never healthy.
 */
export async function followObjects(
  objects: readonly FollowedObject[],
  deps: FollowDependencies,
  signal: AbortSignal,
): Promise<readonly FollowedResult[]> {
  const results = new Map<string, FollowUp>();
  const unseen = objects.filter(({ seen }) => seen === undefined);
  const looks: Look[] = [];
  await inParallel(
    [...objects.filter(({ seen }) => seen !== undefined), ...inTurn(unseen, deps.now, MAX_READS)],
    IN_PARALLEL,
    async (object) => {
      const one = await look(object, deps, signal);
      if (one === undefined) results.set(object.key, { health: object.before, changed: false, isOver: true });
      else looks.push(one);
    },
  );
  const asked = new Set(
    inTurn(
      looks.filter((one) => isAsked(one, deps.now)),
      deps.now,
      MAX_POD_READS,
    ),
  );
  await inParallel(looks, IN_PARALLEL, async (one) => {
    const { before, key } = one.object;
    // What its pods said before holds until they are asked again.
    if (!asked.has(one) && isAsked(one, deps.now) && before.status !== 'progressing') return;
    const pod = asked.has(one) && one.live !== undefined ? await readPodReason(deps.client, one.live, deps.now, signal) : undefined;
    results.set(key, followUp(before, one.assessment, pod, deps.now));
  });
  return objects.map(({ key, before }) => ({ key, ...(results.get(key) ?? { health: before, changed: false, isOver: false }) }));
}

function isAsked({ object, live, assessment }: Look, now: Date): boolean {
  return live !== undefined && podSelectorOf(live) !== undefined && asksPods(assessment, object.before, now);
}

interface Look {
  readonly object: FollowedObject;
  readonly live: KubernetesObject | undefined;
  readonly assessment: HealthAssessment;
}

async function look(object: FollowedObject, { client, rules }: FollowDependencies, signal: AbortSignal): Promise<Look | undefined> {
  try {
    if (object.seen !== undefined) return { object, live: undefined, assessment: object.seen };
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
function inTurn<T>(items: readonly T[], now: Date, count: number): readonly T[] {
  if (items.length <= count) return items;
  const first = (Math.floor(now.getTime() / 60_000) * count) % items.length;
  return [...items, ...items].slice(first, first + count);
}
