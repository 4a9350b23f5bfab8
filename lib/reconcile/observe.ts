import { type Failure, failureOf } from '../errors.ts';
import { ApiError } from '../kubernetes/api-error.ts';
import type { Discovery, KubernetesClient } from '../kubernetes/client.ts';
import { describeObject, type KubernetesObject } from '../manifests/object.ts';
import { type Adopted, adoptionOf, classifyAdopted, mayAdopt } from './adoption.ts';
import { besideScaled } from './autoscaled.ts';
import type { Difference } from './diff.ts';
import { type FieldRules, isIgnored } from './field-rules.ts';
import type { WriterIdentity } from './identity.ts';
import { inOrder } from './in-order.ts';
import { hasRun, isFinished, isJob } from './jobs.ts';
import { WAITING_FOR_DEPENDENCY } from './order/ready.ts';
import { type Owner, otherOwner } from './ownership.ts';
import type { Path } from './path.ts';
import { carryLive } from './policy/carry.ts';
import { refusedFields } from './policy/irreversible.ts';
import { liveMarks } from './policy/marks.ts';
import { type ImmutableObservation, isImmutable } from './recreate.ts';
import { endsRun } from './run-error.ts';
import { type OthersFields, observeOthers } from './takeover/index.ts';
import type { Target } from './target.ts';

/** A cluster as it is talked to. */
export interface Server {
  readonly client: KubernetesClient;
  readonly identity: WriterIdentity;
  readonly signal: AbortSignal;
}

/** An object that exists, with the server's dry-run of ours: an atomic pair, both of the same resourceVersion. */
export interface PresentObservation {
  readonly state: 'present';
  readonly target: Target;
  /** The target's object as it is dry-run and applied to this live one. */
  readonly desired: KubernetesObject;
  readonly live: KubernetesObject;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly dryRun: KubernetesObject;
  /** What the server does not let go back to what Git says; as it is dry-run and applied, the object has the live values there. */
  readonly irreversible: readonly Difference[];
  /** Paths that are left as they are, and how many of them somebody would ask about. */
  readonly ignored: readonly Path[];
  readonly ignoredCount: number;
  /** What others own beside ours. */
  readonly others: readonly OthersFields[];
  /** Of an object that was there before us. */
  readonly adoption: Adopted | undefined;
  readonly rules: FieldRules;
}

/** What the server said of one target. */
export type Observation =
  | PresentObservation
  /** `validated`: the server has accepted a dry-run of its creation. */
  | { readonly state: 'absent'; readonly target: Target; readonly validated: boolean }
  | ImmutableObservation
  /** A Job that is not there, since it has run. */
  | { readonly state: 'finished'; readonly target: Target }
  /** `finished`: of a Job that has run to its end. */
  | { readonly state: 'terminating'; readonly target: Target; readonly uid: string | undefined; readonly finished?: true }
  | { readonly state: 'owned'; readonly target: Target; readonly uid: string | undefined; readonly owner: Owner }
  /** Unknown, which is never in sync. `blocked`: something else has to come first. */
  | { readonly state: 'unknown'; readonly target: Target; readonly decision: 'failed' | 'blocked'; readonly failure: Failure };

/** What reading in bulk told of a target; without `seen` it told nothing. */
export interface Reading {
  readonly target: Target;
  readonly seen?: KubernetesObject | 'absent';
}

export interface Observing extends Server {
  readonly rules: FieldRules;
  readonly discovery: Discovery;
  /** Whether absent objects are dry-run too: where nothing will be written, that is the only way to know that they are valid. */
  readonly validateAbsent: boolean;
  /** Namespaces of the desired state: what is to live in one that does not exist yet cannot be validated, and is not invalid. */
  readonly namespaces: ReadonlySet<string>;
}

/** More connections do not make one API server answer faster, and each pair that is under way is held in memory. */
const CONCURRENCY = 6;
const ATTEMPTS = 4;

/**
 * Reads every target's live state and its dry-run, in order, a few at a time. One object's error is that object's; an error of the whole
 * cluster is thrown.
 */
export function observe(targets: readonly Target[], observing: Observing): AsyncGenerator<Observation> {
  return inOrder(targets, CONCURRENCY, (target) => observeTarget(target, observing));
}

/** The same of what was read in bulk: each has its dry-run, and is read by itself where that finds another version of it. */
export function observeReadings(readings: AsyncIterable<Reading>, observing: Observing): AsyncGenerator<Observation> {
  return inOrder(readings, CONCURRENCY, ({ target, seen }) => observeTarget(target, observing, seen));
}

/** `seen`: how it was read just now; without it, it is read. */
export async function observeTarget(target: Target, observing: Observing, seen?: Reading['seen']): Promise<Observation> {
  try {
    if (seen === 'absent') return await observeAbsent(target, observing);
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const live = attempt === 0 && seen !== undefined ? seen : await observing.client.get(target.resource, target.id, observing.signal);
      const observation = live === undefined ? await observeAbsent(target, observing) : await tryToObserve(target, live, observing);
      if (observation !== undefined) return observation;
    }
    return unknown(target, {
      reason: 'Unsettled',
      message: `${describeObject(target.id)}: it changed each time between being read and being compared. The next run tries again.`,
    });
  } catch (error) {
    if (endsRun(error, observing.signal)) throw error;
    return unknown(target, failureOf(error));
  }
}

/** Undefined when the object changed between the two answers. */
async function tryToObserve(target: Target, live: KubernetesObject, observing: Observing): Promise<Observation | undefined> {
  const { client, identity, signal, rules, discovery } = observing;
  const { fieldManager } = identity;
  const { uid, resourceVersion } = live.metadata;
  const owner = otherOwner(live, target.object, identity);
  const adoption = adoptionOf(live, owner, target, identity);
  if (owner !== undefined && !mayAdopt(target.id, adoption, rules.adopt)) return { state: 'owned', target, uid, owner };
  if (live.metadata.deletionTimestamp !== undefined) {
    return { state: 'terminating', target, uid, ...(isJob(live) && isFinished(live) ? { finished: true } : {}) };
  }
  if (uid === undefined || resourceVersion === undefined) return unknown(target, withoutVersion(target));
  const { desired: stated, ignored, ignoredCount } = await besideScaled(target, live, { client, discovery, rules, fieldManager, signal });
  const { desired, dryRun, irreversible } = await tryBesideRefused(target, { desired: stated, live }, observing);
  if (dryRun instanceof ApiError) {
    const marks = liveMarks(live, desired, fieldManager);
    return { state: 'immutable', target, uid, resourceVersion, failure: failureOf(dryRun), marks };
  }
  if (dryRun.metadata.resourceVersion !== resourceVersion) return undefined;
  const classify = classifyAdopted(rules.classify, adoption?.deployer);
  const others = await observeOthers(
    { target, live, dryRun, fieldManager, classify, spares: (path) => isIgnored(ignored, path) },
    (operations) => client.patch(target.resource, target.id, operations, { fieldManager, dryRun: true }, signal),
  );
  if (others === undefined) return undefined;
  return {
    state: 'present',
    target,
    desired,
    live,
    uid,
    resourceVersion,
    dryRun,
    irreversible,
    ignored,
    ignoredCount,
    others,
    adoption,
    rules: { ...rules, classify },
  };
}

/**
 * The dry-run of ours. Where the cluster has moved to where the server does not let it come back from (a volume that was grown), it is tried
 * around that, so that it hides no other difference.
 */
async function tryBesideRefused(
  target: Target,
  { desired, live }: Pick<PresentObservation, 'desired' | 'live'>,
  observing: Observing,
): Promise<Pick<PresentObservation, 'desired' | 'irreversible'> & { readonly dryRun: KubernetesObject | ApiError }> {
  try {
    return { desired, dryRun: await tryApply(target, desired, observing), irreversible: [] };
  } catch (error) {
    const irreversible = target.moved || !(error instanceof ApiError) ? undefined : refusedFields(error, desired, live);
    if (irreversible === undefined) throw error;
    const around = carryLive(desired, irreversible);
    return { desired: around, dryRun: await tryApply(target, around, observing), irreversible };
  }
}

/** The dry-run, or that it is refused since a field cannot be changed. */
async function tryApply(
  { resource }: Target,
  desired: KubernetesObject,
  { client, identity: { fieldManager }, signal }: Observing,
): Promise<KubernetesObject | ApiError> {
  try {
    return (await client.apply(resource, desired, { fieldManager, dryRun: true }, signal)).object;
  } catch (error) {
    if (isImmutable(error)) return error;
    throw error;
  }
}

async function observeAbsent(target: Target, { client, identity, signal, validateAbsent, namespaces }: Observing): Promise<Observation> {
  if (hasRun(target.object, target.knownJob)) return { state: 'finished', target };
  if (!validateAbsent) return { state: 'absent', target, validated: false };
  try {
    await client.apply(target.resource, target.object, { fieldManager: identity.fieldManager, dryRun: true }, signal);
    return { state: 'absent', target, validated: true };
  } catch (error) {
    if (isNamespaceMissing(error) && namespaces.has(target.id.namespace)) return { state: 'absent', target, validated: false };
    throw error;
  }
}

function isNamespaceMissing(error: unknown): boolean {
  return error instanceof ApiError && error.reason === 'NamespaceNotFound';
}

const PREREQUISITES: ReadonlySet<string> = new Set(['NamespaceNotFound', 'NamespaceTerminating', 'KindNotFound', WAITING_FOR_DEPENDENCY]);

/** A failure for want of a namespace or a kind is a matter of what comes first, not of the object. */
export function isPrerequisite(failure: Failure): boolean {
  return PREREQUISITES.has(failure.reason);
}

/** Some servers behind the API keep no versions: nothing would hold a write back from what changed meanwhile. */
function withoutVersion({ id }: Target): Failure {
  return {
    reason: 'NoVersion',
    message: `${describeObject(id)}: the server gives it no uid and resourceVersion, so that it cannot be written safely. Take it out of Git.`,
  };
}

function unknown(target: Target, failure: Failure): Observation {
  return { state: 'unknown', target, decision: isPrerequisite(failure) ? 'blocked' : 'failed', failure };
}
