import type { Clock } from '../clock.ts';
import { type Failure, failureOf, PlumblineError } from '../errors.ts';
import { ApiError } from '../kubernetes/api-error.ts';
import { describeObject, type KubernetesObject } from '../manifests/object.ts';
import type { Lease } from '../storage/stores.ts';
import { type Comparing, compare } from './compare.ts';
import { decide, type Item, type Policy } from './decide.ts';
import { inOrder } from './in-order.ts';
import { isPrerequisite, type Observing, observeTarget } from './observe.ts';
import { endsRun } from './run-error.ts';
import type { Target } from './target.ts';
import { isVerified } from './verify.ts';

/** What became of an item. */
export type Result =
  /** Nothing was to be written. */
  | { readonly state: 'left' }
  | {
      readonly state: 'written';
      /** ISO 8601. */
      readonly at: string;
      readonly created: boolean;
      /** The server's answer shows what was written. */
      readonly verified: boolean;
      readonly uid: string | undefined;
    }
  | { readonly state: 'failed'; readonly decision: 'failed' | 'blocked'; readonly failure: Failure };

export interface AppliedItem extends Item {
  readonly result: Result;
}

/** What applying takes: also what observing, comparing and deciding take, since an object that moved is decided on again. */
export interface Applying extends Observing, Comparing {
  readonly policy: Policy;
  readonly clock: Clock;
  /** With the lease ends what this run may write, since another run may be at it with a newer artifact. */
  readonly lease: Pick<Lease, 'expiresAt'>;
}

const CONCURRENCY = 6;

/** What others stand on: CustomResourceDefinitions, Namespaces, ClusterRoles; and the rest. */
export function splitFoundation(items: readonly Item[]): { readonly foundation: readonly Item[]; readonly rest: readonly Item[] } {
  const { foundation = [], rest = [] } = Object.groupBy(items, ({ target }) => (target.stage === 1 ? 'foundation' : 'rest'));
  return { foundation, rest };
}

/**
 * Writes what was decided, stage after stage. Every write to an existing object carries the uid and resourceVersion that it was decided on,
 * so that a run which lost its lease overwrites nothing. Throws nothing: an error of the whole cluster fails what is left, since what was
 * done before it has to be recorded.
 */
export async function applyAll(items: readonly Item[], applying: Applying): Promise<readonly AppliedItem[]> {
  const applied: AppliedItem[] = [];
  let ended: Failure | undefined;
  const applyOne = async (item: Item): Promise<AppliedItem> => {
    if (item.action === 'leave') return { ...item, result: { state: 'left' } };
    if (ended !== undefined) return failed(item, ended);
    const { signal } = applying;
    try {
      return await applyItem(item, applying);
    } catch (error) {
      const failure = signal.aborted ? outOfTime(item) : failureOf(error);
      if (endsRun(error, signal)) ended = failure;
      return failed(item, failure);
    }
  };
  for (const [, stage] of [...Map.groupBy(items, ({ target }) => target.stage)].toSorted(([a], [b]) => a - b)) {
    for await (const item of inOrder(stage, CONCURRENCY, applyOne)) applied.push(item);
  }
  return applied;
}

/** 409 means that the object moved: while we hold the lease it is decided on once more, and written once more. */
async function applyItem(item: Item, applying: Applying): Promise<AppliedItem> {
  try {
    return await write(item, applying);
  } catch (error) {
    if (!(error instanceof ApiError) || error.reason !== 'Conflict') throw error;
    const observation = await observeTarget(item.target, applying);
    const again = decide(compare(observation, applying), applying.policy);
    return again.action === 'leave' ? { ...again, result: { state: 'left' } } : await write(again, applying);
  }
}

async function write(item: Item, { client, identity, signal, clock, lease }: Applying): Promise<AppliedItem> {
  if (clock.now().getTime() >= Date.parse(lease.expiresAt)) throw new LeaseLostError(item.target);
  const { target, comparison } = item;
  const { fieldManager } = identity;
  const { object: answer, created } = await client.apply(target.resource, bodyOf(item), { fieldManager, dryRun: false }, signal);
  const verified = comparison.state !== 'present' || isVerified(answer, comparison, fieldManager);
  return { ...item, result: { state: 'written', at: clock.now().toISOString(), created, verified, uid: answer.metadata.uid } };
}

function bodyOf({ target, comparison }: Item): KubernetesObject {
  if (comparison.state !== 'present') return target.object;
  const { uid, resourceVersion } = comparison;
  const preconditions = { ...(uid === undefined ? {} : { uid }), ...(resourceVersion === undefined ? {} : { resourceVersion }) };
  return { ...target.object, metadata: { ...target.object.metadata, ...preconditions } };
}

class LeaseLostError extends PlumblineError {
  constructor({ id }: Target) {
    super(
      'LeaseLost',
      `${describeObject(id)}: the run took longer than its lease, so that it may not write any more. The next run goes on.`,
    );
  }
}

function failed(item: Item, failure: Failure): AppliedItem {
  return { ...item, result: { state: 'failed', decision: isPrerequisite(failure) ? 'blocked' : 'failed', failure } };
}

function outOfTime({ target }: Item): Failure {
  return {
    reason: 'OutOfTime',
    message: `${describeObject(target.id)}: the run had to stop before it was written. The next run goes on from there.`,
  };
}
