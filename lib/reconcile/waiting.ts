import { setTimeout as sleep } from 'node:timers/promises';
import { failureOf } from '../errors.ts';
import { ApiError } from '../kubernetes/api-error.ts';
import type { Discovery } from '../kubernetes/client.ts';
import { describeObject, objectIdOf, objectKey } from '../manifests/object.ts';
import type { Inventory } from '../storage/stores.ts';
import type { AppliedItem } from './apply.ts';
import { type Comparison, compareAll } from './compare.ts';
import { decideAll, type Item } from './decide.ts';
import { isMisfit, kindOfTarget } from './definitions.ts';
import type { ReconcileDependencies } from './dependencies.ts';
import { storeDeclared } from './intents/index.ts';
import { observe } from './observe.ts';
import { desiredMarks, type Policy, policyFor, treatRollout } from './policy/index.ts';
import type { Session } from './session.ts';
import { type DesiredState, definedKindOf, placed, type Target, targetOf, type Untargeted, type WaitingObject } from './target.ts';

/** What is written after the foundation. */
export interface LatePlan {
  /** What was decided on before, and what could only be planned now. */
  readonly items: readonly Item[];
  /** Objects whose kinds are not served yet. */
  readonly blocked: readonly Untargeted[];
  /** The inventory, with these items in it. */
  readonly declared: Inventory;
}

const PATIENCE_SECONDS = 10;
const POLL_MILLISECONDS = 250;

/**
 * Plans what had to wait for this run's foundation: the objects whose kinds came with it, and those that could not be tried before since the
 * definition of their kind was an older one. Throws nothing: what cannot be planned yet is the next run's.
 */
export async function planLate(
  { waiting, defaultNamespace, arrangement }: DesiredState,
  { founded, rest }: { readonly founded: readonly AppliedItem[]; readonly rest: readonly Item[] },
  declared: Inventory,
  session: Session,
  deps: Pick<ReconcileDependencies, 'artifacts' | 'recorder'>,
): Promise<LatePlan> {
  const block = (objects: readonly WaitingObject[]) => objects.map((each) => stillWaiting(each, session.policy));
  const there = new Set(founded.filter(isThere).map(({ target }) => target.key));
  const hopeful = waiting.filter(({ definition }) => there.has(objectKey(definition)));
  const renewed = renewedTargets(rest, founded);
  if ((hopeful.length === 0 && renewed.length === 0) || !session.writes) return { items: rest, blocked: block(waiting), declared };
  try {
    const discovery = await awaitKinds(hopeful, session);
    const targets = new Map<WaitingObject, Target>();
    for (const each of hopeful) {
      const lookup = discovery.lookup(each.object.apiVersion, each.object.kind);
      if ('found' in lookup) targets.set(each, placed(targetOf(each.object, lookup.found, { ...session, defaultNamespace }), arrangement));
    }
    const first = await compareAll(observe([...targets.values()], session), session);
    const again = await awaitDefinitions(renewed, session);
    const planned = decideAll([...first, ...again], session);
    const replanned = new Set(renewed.map(({ key }) => key));
    return {
      items: [...rest.filter(({ target }) => !replanned.has(target.key)), ...planned],
      blocked: block(waiting.filter((each) => !targets.has(each))),
      declared: await storeDeclared(declared, planned, [], session, deps),
    };
  } catch (error) {
    // The foundation is written and has to be recorded. What the API server does not say yet is a matter of waiting; anything else is told.
    if (error instanceof ApiError || session.signal.aborted) return { items: rest, blocked: block(waiting), declared };
    const failed = hopeful.map((each) => ({
      ...subjectOf(each),
      class: 'prerequisite',
      decision: 'failed' as const,
      failure: failureOf(error),
    }));
    return { items: rest, blocked: [...failed, ...block(waiting.filter((each) => !hopeful.includes(each)))], declared };
  }
}

/** What could not be tried, of kinds whose definition this run has written: with a field that the older one did not know, for one. */
function renewedTargets(items: readonly Item[], founded: readonly AppliedItem[]): readonly Target[] {
  const written = new Set(
    founded.flatMap(({ target, result }) => (result.state === 'written' ? (definedKindOf(target.object) ?? []) : [])),
  );
  return items.flatMap(({ target, comparison }) => (isMisfit(comparison) && written.has(kindOfTarget(target)) ? [target] : []));
}

/** Tries them until the server goes by the new definition, which it does a moment after it was written. */
async function awaitDefinitions(targets: readonly Target[], session: Session): Promise<readonly Comparison[]> {
  const deadline = session.clock.now().getTime() + PATIENCE_SECONDS * 1000;
  for (;;) {
    const comparisons = await compareAll(observe(targets, session), session);
    const settled = !comparisons.some(isMisfit);
    if (settled || session.clock.now().getTime() >= deadline) return comparisons;
    await sleep(POLL_MILLISECONDS, undefined, { signal: session.signal });
  }
}

/** Whether a definition is in the cluster as we want it. */
function isThere({ comparison, result }: AppliedItem): boolean {
  return result.state === 'written' || (result.state === 'left' && (comparison.state === 'present' || comparison.state === 'unchanged'));
}

/**
 * Asks what the cluster serves until it serves the kinds that objects wait for, at most ten seconds; what takes longer is the next run's.
 * A kind is served once its CustomResourceDefinition is established.
 */
async function awaitKinds(waiting: readonly WaitingObject[], { client, signal, clock }: Session): Promise<Discovery> {
  const deadline = clock.now().getTime() + PATIENCE_SECONDS * 1000;
  for (;;) {
    const discovery = await client.discover(signal);
    const served = waiting.every(({ object }) => 'found' in discovery.lookup(object.apiVersion, object.kind));
    if (served || clock.now().getTime() >= deadline) return discovery;
    await sleep(POLL_MILLISECONDS, undefined, { signal });
  }
}

/** What a run says of an object whose kind it did not see served: blocked, or where it was not to write anyway, a creation not done. */
function stillWaiting({ object, definition }: WaitingObject, policy: Policy): Untargeted {
  const subject = subjectOf({ object });
  const treatment = treatRollout({ policy: policyFor(policy, object), marks: desiredMarks(object) });
  if (treatment.decision !== 'applied') return { ...subject, class: 'created', ...treatment };
  return {
    ...subject,
    class: 'prerequisite',
    decision: 'blocked',
    failure: {
      reason: 'WaitingForKind',
      message: `${describeObject(subject.id)}: the cluster does not serve its kind yet; ${describeObject(definition)} has to be established first. The next run goes on.`,
    },
  };
}

function subjectOf({ object }: Pick<WaitingObject, 'object'>): Pick<Untargeted, 'id' | 'object'> {
  const id = objectIdOf(object);
  const { kind, namespace, name } = id;
  return { id, object: { apiVersion: object.apiVersion, kind, namespace, name } };
}
