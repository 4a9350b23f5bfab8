import type { Failure } from '../../errors.ts';
import { describeObject } from '../../manifests/object.ts';
import type { AppliedItem } from '../apply.ts';
import type { Item } from '../decide.ts';
import { isEqual } from '../equal.ts';

/** Whether what depends on an object may be written: the object is in the cluster as Git says it. */
function isReady(item: AppliedItem): boolean {
  return item.result.state === 'written' || (item.result.state === 'left' && isEqual(item));
}

/** Whether it works, as far as this run and the last one know. */
function isHealthy({ result, target: { followed, looked } }: AppliedItem): boolean {
  if (result.state === 'written') return result.health?.status === 'current';
  return looked === undefined ? followed === undefined : looked.health.status === 'healthy';
}

export const WAITING_FOR_DEPENDENCY = 'WaitingForDependency';

/**
 * Why an object has to wait, or undefined when all that it depends on is ready. One that does not exist yet waits until they work, too; one
 * that does is kept as Git says it, however they do. `done`: by key.
 */
export function waitingFor({ target: { id, dependsOn = [] }, action }: Item, done: ReadonlyMap<string, AppliedItem>): Failure | undefined {
  for (const key of dependsOn) {
    const item = done.get(key);
    if (item !== undefined && isReady(item) && (action !== 'create' || isHealthy(item))) continue;
    const name = item === undefined ? key : describeObject(item.target.id);
    const state = item !== undefined && isReady(item) ? 'does not work yet' : 'is not there as Git says it';
    const why = item?.result.state === 'failed' ? `: ${item.result.failure.message}` : '.';
    return {
      reason: WAITING_FOR_DEPENDENCY,
      message: `${describeObject(id)}: it depends on ${name}, which ${state}${why} The next run goes on.`,
    };
  }
  return undefined;
}
