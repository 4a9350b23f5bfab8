import { inParallel } from '../in-parallel.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { asksPods, type FollowUp, followUp } from './follow.ts';
import { type FollowedObject, type FollowReading, IN_PARALLEL, inTurn, type Look, readFollowed } from './read-followed.ts';
import { podSelectorOf, readPodReason } from './workload-pods.ts';

export interface FollowedResult extends FollowUp {
  readonly key: string;
}

export interface FollowDependencies extends FollowReading {
  readonly client: Pick<KubernetesClient, 'get' | 'list' | 'listInPages'>;
}

/** Two lists each: the others have their turn in the next runs. */
const MAX_POD_READS = 20;

/**
 * One more look at each followed object: those that the run has not seen are read, in pages or one by one, and pods of those that do not come
 * up. A result for each object, in their order. One that is gone is not followed any more: that is drift, unless it is a Job that its TTL
 * removed. One whose turn has not come keeps what was known of it. A read that fails is `unknown`, never healthy.
 */
export async function followObjects(
  objects: readonly FollowedObject[],
  deps: FollowDependencies,
  signal: AbortSignal,
): Promise<readonly FollowedResult[]> {
  const results = new Map<string, FollowUp>();
  const { looks, gone } = await readFollowed(objects, deps, signal);
  for (const { key, before } of objects) if (gone.has(key)) results.set(key, { health: before, changed: false, isOver: true });
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
