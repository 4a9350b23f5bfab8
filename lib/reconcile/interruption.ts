import type { Failure } from '../errors.ts';
import { describeObject } from '../manifests/object.ts';
import type { Ending } from './ending.ts';
import type { Target } from './target.ts';

const INTERRUPTED = 'Interrupted';

/** What an object says that a person's interruption kept from being written. */
export function interruptedBefore({ id }: Pick<Target, 'id'>): Failure {
  return {
    reason: INTERRUPTED,
    message: `${describeObject(id)}: the run was interrupted before it was written. The next run goes on from there.`,
  };
}

/**
 * The ending of a run that a person interrupted: it says so, and how far the run came; and since that is no fault of the cluster, it is not left
 * alone for a while. A run that was through all the same ends as it would have.
 */
export function interruptedEnding(cluster: string, ending: Ending): Ending {
  const interrupted = (message: string): Failure => ({ reason: INTERRUPTED, message: `cluster ${cluster}: interrupted: ${message}` });
  if (ending.state === 'stopped' && ending.outcome === 'failed') {
    const failure = interrupted('no object was written, since not all were compared yet. The next run begins again.');
    return { ...ending, failure, backsOff: false };
  }
  if (ending.state !== 'completed') return ending;
  const left = new Set(
    ending.facts.filter(({ error }) => error?.reason === INTERRUPTED).map(({ object }) => `${object.apiVersion}/${describeObject(object)}`),
  );
  if (left.size === 0) return ending;
  const done = `${ending.objects - left.size} of ${ending.objects} objects were dealt with`;
  return { ...ending, failure: interrupted(`${done}; what was done is recorded. The next run goes on from there.`) };
}
