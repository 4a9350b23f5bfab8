import { type Failure, failureOf } from '../../errors.ts';
import { inOrder } from '../in-order.ts';
import { endsRun } from '../run-error.ts';
import { type Inspecting, notEmpty } from './contents.ts';
import type { Judgement, Verdict } from './judge.ts';
import type { RemovedObject } from './removed.ts';

/** What a run would do with an object that is no longer in Git; `failed`: nobody knows whether it may be deleted. */
export interface Foreseen {
  readonly removed: RemovedObject;
  readonly verdict: Verdict | { readonly action: 'failed'; readonly failure: Failure };
}

const CONCURRENCY = 4;

/**
 * Asks of what would be deleted, now or later, what a run asks right before it deletes: whether it is empty by then. What goes with the same
 * commit has gone before. Throws an error of the whole cluster.
 */
export async function foresee(
  verdicts: Judgement['verdicts'],
  inspecting: Omit<Inspecting, 'going'>,
  signal: AbortSignal,
): Promise<readonly Foreseen[]> {
  const doomed = verdicts.filter(({ verdict }) => isDeletion(verdict));
  const going = new Set(doomed.flatMap(({ removed }) => removed.live.metadata.uid ?? []));
  const foreseen: Foreseen[] = [];
  const foreseeOne = async ({ removed, verdict }: Judgement['verdicts'][number]): Promise<Foreseen> => {
    if (!isDeletion(verdict)) return { removed, verdict };
    try {
      const failure = await notEmpty(removed, { ...inspecting, going }, signal);
      return { removed, verdict: failure === undefined ? verdict : { action: 'keep', failure } };
    } catch (error) {
      if (endsRun(error, signal)) throw error;
      return { removed, verdict: { action: 'failed', failure: failureOf(error) } };
    }
  };
  for await (const one of inOrder(verdicts, CONCURRENCY, foreseeOne)) foreseen.push(one);
  return foreseen;
}

function isDeletion({ action }: Verdict): boolean {
  return action === 'delete' || action === 'wait';
}
