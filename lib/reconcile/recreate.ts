import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import type { Failure } from '../errors.ts';
import { ApiError } from '../kubernetes/api-error.ts';
import type { ApiResource, KubernetesClient } from '../kubernetes/client.ts';
import { describeObject, type KubernetesObject, type ObjectId, objectIdOf, objectKey } from '../manifests/object.ts';
import type { Marks } from './policy/marks.ts';
import { isProtected } from './protected.ts';
import { addressesOf } from './service-addresses.ts';
import type { Target } from './target.ts';

/** On an object in Git: it may be deleted and created again where a field cannot be changed in place. */
const ON_IMMUTABLE = 'plumbline.dev/on-immutable';

/** The uid of the very object that may be deleted for it, of a kind with which others or data go. */
const CONFIRM_RECREATE = 'plumbline.dev/confirm-recreate';

/** An object that differs from Git in a field that the server lets nobody change. */
export interface ImmutableObservation {
  readonly state: 'immutable';
  readonly target: Target;
  readonly uid: string;
  readonly resourceVersion: string;
  /** What the server says. */
  readonly failure: Failure;
  /** What the annotations of the object ask for. */
  readonly marks: Marks;
}

/** Whether the server refused a change for nothing but fields that cannot be changed. */
export function isImmutable(error: unknown): error is ApiError {
  return error instanceof ApiError && error.status === 422 && error.causes.length > 0 && error.causes.every(({ immutable }) => immutable);
}

/** Why the object is not deleted and created again, with what to do; undefined when it may be. */
export function recreateRefusal({ target: { id, object }, uid, failure }: ImmutableObservation): Failure | undefined {
  const { annotations } = object.metadata;
  if (!isOptedIn(object)) {
    return refused(failure, `Put the old value back, or set ${ON_IMMUTABLE}: recreate on it in Git to have it deleted and created again.`);
  }
  if (!isProtected(id) || annotations?.[CONFIRM_RECREATE] === uid) return undefined;
  return refused(
    failure,
    `Deleting a ${id.kind} takes what it holds with it. To have that done, set ${CONFIRM_RECREATE}: ${uid} on it too.`,
  );
}

function refused({ message }: Failure, remedy: string): Failure {
  return { reason: 'Immutable', message: `${message.replace(/ Correct the object in Git\.$/, '')} ${remedy}` };
}

function isOptedIn(object: KubernetesObject): boolean {
  return object.metadata.annotations?.[ON_IMMUTABLE] === 'recreate' || isReplacedHook(object);
}

/** A hook of Helm that is a Job is deleted before it is created, unless its chart says otherwise. */
function isReplacedHook({ apiVersion, kind, metadata }: KubernetesObject): boolean {
  if (!apiVersion.startsWith('batch/') || kind !== 'Job' || metadata.annotations?.['helm.sh/hook'] === undefined) return false;
  const policies = metadata.annotations['helm.sh/hook-delete-policy'] ?? BEFORE;
  return policies.split(',').some((policy) => policy.trim() === BEFORE);
}

const BEFORE = 'before-hook-creation';

export interface Recreating {
  readonly client: KubernetesClient;
  readonly fieldManager: string;
  readonly clock: Clock;
  /** Ends a request that is under way. */
  readonly signal: AbortSignal;
}

const PATIENCE_SECONDS = 5;
const POLL_MILLISECONDS = 200;

/** Resolves once the object is gone, so that it can be created again; or to why that is not so. Nothing is deleted that could not be created. */
export async function deleteForRecreation(
  { target, uid, resourceVersion }: ImmutableObservation,
  recreating: Recreating,
): Promise<Failure | undefined> {
  const { client, clock, signal } = recreating;
  const { resource, id } = target;
  const invalid = await refusalOfNew(target, recreating);
  if (invalid !== undefined) return invalid;
  const answer = await client.delete(resource, id, { uid, resourceVersion, propagationPolicy: propagationOf(resource) }, signal);
  if (answer === 'moved') {
    const message = `${describeObject(id)}: it changed after it was decided to delete it, so that it was not. The next run decides again.`;
    return { reason: 'Conflict', message };
  }
  const deadline = clock.now().getTime() + PATIENCE_SECONDS * 1000;
  for (;;) {
    const left = await client.get(resource, id, signal);
    if (left?.metadata.uid !== uid) return undefined;
    if (clock.now().getTime() >= deadline) return waitingForDeletion(id);
    await sleep(POLL_MILLISECONDS, undefined, { signal });
  }
}

/** The new one, tried under a name that nobody has. */
async function refusalOfNew(target: Target, { client, fieldManager, signal }: Recreating): Promise<Failure | undefined> {
  const { resource, object, key, id } = target;
  const taken = await takenAddress(target, client, signal);
  if (taken !== undefined) return notDeleted(id, taken);
  const name = `plumbline-recreate-${createHash('sha256').update(key).digest('hex').slice(0, 8)}`;
  try {
    const answer = await client.apply(
      resource,
      { ...object, metadata: { ...object.metadata, name } },
      { fieldManager, dryRun: true },
      signal,
    );
    if (answer.created) return undefined;
    return notDeleted(id, `an object ${name}, under whose name the new one is tried, is there already`);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status < 400 || error.status >= 500) throw error;
    return notDeleted(id, `the new one would be refused: ${error.message}`);
  }
}

async function takenAddress({ resource, object, id }: Target, client: KubernetesClient, signal: AbortSignal): Promise<string | undefined> {
  const wanted = new Set(addressesOf(object));
  if (wanted.size === 0) return undefined;
  for (const other of await client.list(resource, {}, signal)) {
    if (objectKey(objectIdOf(other)) === objectKey(id)) continue;
    const taken = addressesOf(other).find((address) => wanted.has(address));
    if (taken !== undefined) return `${describeObject(objectIdOf(other))} has ${taken} already. Correct the object in Git.`;
  }
  return undefined;
}

function notDeleted(id: ObjectId, why: string): Failure {
  return { reason: 'RecreateInvalid', message: `${describeObject(id)}: it is not deleted to be created again, since ${why}` };
}

export const WAITING_FOR_DELETION = 'WaitingForDeletion';

function waitingForDeletion(id: ObjectId): Failure {
  const message = `${describeObject(id)}: it is being deleted, to be created again. That is done once it is gone; look at its finalizers if it stays.`;
  return { reason: WAITING_FOR_DELETION, message };
}

/** Where pods belong to it, the new ones come when the old ones are gone. */
function propagationOf({ group, kind }: ApiResource): 'Foreground' | 'Background' {
  return HAVE_PODS.has(`${group}/${kind}`) ? 'Foreground' : 'Background';
}

const HAVE_PODS: ReadonlySet<string> = new Set([
  'apps/DaemonSet',
  'apps/Deployment',
  'apps/ReplicaSet',
  'apps/StatefulSet',
  'batch/CronJob',
  'batch/Job',
  '/ReplicationController',
]);
