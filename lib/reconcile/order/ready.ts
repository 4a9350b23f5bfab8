import type { Failure } from '../../errors.ts';
import { describeObject } from '../../manifests/object.ts';
import type { AppliedItem } from '../apply.ts';
import { isEqual } from '../decide.ts';
import type { Target } from '../target.ts';

/** Whether what depends on an object may be written: the object is in the cluster as Git says it. */
export function isReady(item: AppliedItem): boolean {
  return item.result.state === 'written' || (item.result.state === 'left' && isEqual(item));
}

export const WAITING_FOR_DEPENDENCY = 'WaitingForDependency';

/** Why an object has to wait, or undefined when all that it depends on is ready. `done`: by key. */
export function waitingFor({ id, dependsOn = [] }: Target, done: ReadonlyMap<string, AppliedItem>): Failure | undefined {
  for (const key of dependsOn) {
    const item = done.get(key);
    if (item !== undefined && isReady(item)) continue;
    const name = item === undefined ? key : describeObject(item.target.id);
    const why = item?.result.state === 'failed' ? `: ${item.result.failure.message}` : '.';
    return {
      reason: WAITING_FOR_DEPENDENCY,
      message: `${describeObject(id)}: it depends on ${name}, which is not there as Git says it${why} The next run goes on.`,
    };
  }
  return undefined;
}
