import type { Clock } from '../clock.ts';
import { type Failure, failureOf, PlumblineError } from '../errors.ts';
import { assessHealth, type HealthAssessment, type HealthPolicy } from '../health/index.ts';
import { ApiError } from '../kubernetes/api-error.ts';
import { describeObject, type KubernetesObject } from '../manifests/object.ts';
import type { Lease } from '../storage/stores.ts';
import { type Comparing, compare, type PresentComparison } from './compare.ts';
import { type Deciding, decide, type Item } from './decide.ts';
import type { Difference } from './diff.ts';
import { isEqual } from './equal.ts';
import { inOrder } from './in-order.ts';
import { interruptedBefore } from './interruption.ts';
import { isPrerequisite, type Observing, observeTarget } from './observe.ts';
import { waitingFor } from './order/ready.ts';
import type { Path } from './path.ts';
import { carryLive } from './policy/index.ts';
import { deleteForRecreation, type ImmutableObservation, WAITING_FOR_DELETION } from './recreate.ts';
import { type MetFailure, restated } from './restated.ts';
import { endsRun } from './run-error.ts';
import { showsDesired, showsDesiredAt } from './shows-desired.ts';
import { type ObjectFacts, objectFacts } from './surface/object-facts.ts';
import { takeOver } from './takeover/index.ts';
import type { Target } from './target.ts';
import { isGone, isVerified } from './verify.ts';

/** What became of an item. */
export type Result =
  /** Nothing was to be written. */
  | { readonly state: 'left' }
  | {
      readonly state: 'written';
      /** ISO 8601. */
      readonly at: string;
      /** The server's answer shows what was written. */
      readonly verified: boolean;
      readonly uid: string | undefined;
      /** What the answer's metadata says. */
      readonly facts: ObjectFacts | undefined;
      /** What the answer says of its health; undefined where the answer got lost. */
      readonly health?: HealthAssessment;
    }
  | { readonly state: 'failed'; readonly decision: 'failed' | 'blocked'; readonly failure: Failure };

export interface AppliedItem extends Item {
  readonly result: Result;
}

/** What applying takes: also what observing, comparing and deciding take, since an object that moved is decided on again. */
export interface Applying extends Observing, Comparing, Deciding {
  readonly clock: Clock;
  readonly health: HealthPolicy;
  /** With the lease ends what this run may write, since another run may be at it with a newer artifact. */
  readonly lease: Pick<Lease, 'expiresAt'>;
  /** Ends a write that is under way; `signal` only keeps the next one from being begun. */
  readonly writing: AbortSignal;
}

const CONCURRENCY = 6;

/** What others stand on: CustomResourceDefinitions, Namespaces, ClusterRoles; and the rest. */
export function splitFoundation(items: readonly Item[]): { readonly foundation: readonly Item[]; readonly rest: readonly Item[] } {
  const { foundation = [], rest = [] } = Object.groupBy(items, ({ target }) => (target.stage === 1 ? 'foundation' : 'rest'));
  return { foundation, rest };
}

/**
 * Writes what was decided, stage after stage. Every write carries what it was decided on, the uid and resourceVersion of an existing object
 * or the absence of one, so that a run which lost its lease overwrites nothing. Throws nothing: an error of the whole cluster fails what is
 * left, since what was done before it has to be recorded.
 */
export async function applyAll(
  items: readonly Item[],
  applying: Applying,
  before: readonly AppliedItem[] = [],
): Promise<readonly AppliedItem[]> {
  const applied: AppliedItem[] = [];
  const done = new Map(before.map((item) => [item.target.key, item]));
  let ended: MetFailure | undefined;
  const applyOne = async (item: Item): Promise<AppliedItem> => {
    if (item.action === 'leave') return { ...item, result: { state: 'left' } };
    if (ended !== undefined) return failed(item, restated(ended, item.target.id));
    const waits = waitingFor(item, done);
    if (waits !== undefined) return failed(item, waits);
    const { signal, writing } = applying;
    if (signal.aborted && !writing.aborted) return failed(item, interruptedBefore(item.target));
    try {
      return await applyItem(item, applying);
    } catch (error) {
      const failure = writing.aborted ? outOfTime(item) : failureOf(error);
      if (endsRun(error, writing)) ended = { failure, id: item.target.id };
      return failed(item, failure);
    }
  };
  for (const wave of wavesOf(items)) {
    for await (const item of inOrder(wave, CONCURRENCY, applyOne)) {
      applied.push(item);
      done.set(item.target.key, item);
    }
  }
  return applied;
}

/** Stage after stage, and within a stage what others depend on first. */
function wavesOf(items: readonly Item[]): readonly (readonly Item[])[] {
  const stages = [...Map.groupBy(items, ({ target }) => target.stage)].toSorted(([a], [b]) => a - b);
  return stages.flatMap(([, stage]) =>
    [...Map.groupBy(stage, ({ target }) => target.level ?? 0)].toSorted(([a], [b]) => a - b).map(([, level]) => level),
  );
}

/** 409 means that the object moved: while we hold the lease it is decided on once more, and written once more. */
async function applyItem(item: Item, applying: Applying): Promise<AppliedItem> {
  try {
    return item.comparison.state === 'immutable' ? await recreate(item, item.comparison, applying) : await write(item, applying);
  } catch (error) {
    if (!(error instanceof ApiError) || error.reason !== 'Conflict') throw error;
    const observation = await observeTarget(item.target, { ...applying, signal: applying.writing });
    const again = decide(compare(observation, applying), applying.policy, applying.memory);
    if (again.action !== 'leave') return await write(again, applying);
    return isEqual(again) ? written(item, again, applying) : { ...again, result: { state: 'left' } };
  }
}

/** It is as we want it and its fields are ours: an earlier attempt of this very write was done, and its answer got lost. */
function written(item: Item, { comparison }: Item, { clock }: Pick<Applying, 'clock'>): AppliedItem {
  const uid = 'uid' in comparison ? comparison.uid : undefined;
  const facts = 'facts' in comparison ? comparison.facts : undefined;
  return { ...item, result: { state: 'written', at: clock.now().toISOString(), verified: true, uid, facts } };
}

/** Deletes it, and once it is gone creates it; what takes longer is the next run's. */
async function recreate(item: Item, immutable: ImmutableObservation, applying: Applying): Promise<AppliedItem> {
  const { client, identity, writing, clock } = applying;
  requireLease(item.target, applying);
  const failure = await deleteForRecreation(immutable, { client, fieldManager: identity.fieldManager, clock, signal: writing });
  if (failure === undefined) return await write(item, applying);
  const decision = failure.reason === WAITING_FOR_DELETION ? 'blocked' : 'failed';
  return { ...item, result: { state: 'failed', decision, failure } };
}

async function write(item: Item, applying: Applying): Promise<AppliedItem> {
  const { client, identity, writing, clock } = applying;
  const { target, comparison } = item;
  requireLease(target, applying);
  const { fieldManager } = identity;
  const body = bodyOf(item, await takeOverFirst(item, { client, identity, writing }));
  const { object: answer } = await client.apply(target.resource, body, { fieldManager, dryRun: false }, writing);
  const verified =
    comparison.state === 'present'
      ? isVerified(answer, comparison, fieldManager, item.carry) &&
        isGone(answer, item.takeover?.removes ?? []) &&
        (showsDesiredAt(answer, comparison.desired, writtenPaths(comparison, item.carry), fieldManager) ||
          (await isEqualNow(target, applying)))
      : showsDesired(answer, target.object, fieldManager) || (await isEqualNow(target, applying));
  const facts = objectFacts(answer.metadata, fieldManager);
  const health = assessHealth(answer, applying.health.rules);
  return { ...item, result: { state: 'written', at: clock.now().toISOString(), verified, uid: answer.metadata.uid, facts, health } };
}

/** Where the write was to change what Git states. */
function writtenPaths({ rollout, drift }: PresentComparison, carry: readonly Difference[]): readonly Path[] {
  return [...rollout, ...drift.flatMap(({ differences }) => differences)]
    .filter((difference) => difference.shape !== 'reordered' && !carry.includes(difference))
    .map(({ path }) => path);
}

/** What admission made of a write is seen like any drift: by a dry-run of ours. */
async function isEqualNow(target: Target, applying: Applying): Promise<boolean> {
  const comparison = compare(await observeTarget(target, { ...applying, signal: applying.writing }), applying);
  return comparison.state === 'present' && comparison.rollout.length === 0 && comparison.drift.length === 0;
}

/** Returns the resourceVersion that the apply is on: after a takeover the object has a new one. */
async function takeOverFirst(
  { target, comparison, takeover }: Item,
  { client, identity, writing }: Pick<Applying, 'client' | 'identity' | 'writing'>,
): Promise<string> {
  if (comparison.state !== 'present') return VERSION_OF_NOTHING;
  if (takeover === undefined) return comparison.resourceVersion;
  const { uid, resourceVersion } = comparison;
  const { fieldManager } = identity;
  return takeOver(takeover.managedFields, { target, uid, resourceVersion }, { client, fieldManager, signal: writing });
}

/** No object is of this version, so that the server creates one or answers 409: one that came meanwhile is not overwritten. */
const VERSION_OF_NOTHING = '1';

function bodyOf({ target, comparison, carry }: Item, resourceVersion: string): KubernetesObject {
  const present = comparison.state === 'present';
  const preconditions = present ? { uid: comparison.uid, resourceVersion } : { resourceVersion };
  const desired = carryLive(present ? comparison.desired : target.object, carry);
  return { ...desired, metadata: { ...desired.metadata, ...preconditions } };
}

/** Throws `LeaseLostError` once another run may be at the cluster. */
function requireLease(target: Target, { clock, lease }: Pick<Applying, 'clock' | 'lease'>): void {
  if (clock.now().getTime() >= Date.parse(lease.expiresAt)) throw new LeaseLostError(target);
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
