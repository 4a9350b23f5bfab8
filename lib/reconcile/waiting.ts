import { setTimeout as sleep } from 'node:timers/promises';
import type { Discovery } from '../kubernetes/client.ts';
import { describeObject, objectIdOf, objectKey } from '../manifests/object.ts';
import type { Inventory } from '../storage/stores.ts';
import type { AppliedItem } from './apply.ts';
import { compareAll } from './compare.ts';
import { decideAll, type Item } from './decide.ts';
import type { ReconcileDependencies } from './dependencies.ts';
import { storeDeclared } from './intents/index.ts';
import { observe } from './observe.ts';
import { desiredMarks, type Policy, policyFor, treatRollout } from './policy/index.ts';
import type { Session } from './session.ts';
import { type DesiredState, placed, type Target, targetOf, type Untargeted, type WaitingObject } from './target.ts';

/** What became of the objects that waited for their kinds. */
export interface LatePlan {
  readonly items: readonly Item[];
  readonly blocked: readonly Untargeted[];
  /** The inventory, with these items in it. */
  readonly declared: Inventory;
}

const PATIENCE_SECONDS = 10;
const POLL_MILLISECONDS = 250;

/**
 * Plans the objects whose kinds came with this run's foundation. Throws nothing: what cannot be planned yet is blocked, and the next run's.
 */
export async function planWaiting(
  { waiting, defaultNamespace, arrangement }: DesiredState,
  founded: readonly AppliedItem[],
  declared: Inventory,
  session: Session,
  deps: Pick<ReconcileDependencies, 'artifacts' | 'recorder'>,
): Promise<LatePlan> {
  const block = (objects: readonly WaitingObject[]) => objects.map((each) => stillWaiting(each, session.policy));
  const there = new Set(founded.filter(isThere).map(({ target }) => target.key));
  const hopeful = waiting.filter(({ definition }) => there.has(objectKey(definition)));
  if (hopeful.length === 0 || !session.writes) return { items: [], blocked: block(waiting), declared };
  try {
    const discovery = await awaitKinds(hopeful, session);
    const targets = new Map<WaitingObject, Target>();
    for (const each of hopeful) {
      const lookup = discovery.lookup(each.object.apiVersion, each.object.kind);
      if ('found' in lookup) targets.set(each, placed(targetOf(each.object, lookup.found, { ...session, defaultNamespace }), arrangement));
    }
    const observations = observe([...targets.values()], session);
    const comparisons = await compareAll(observations, session);
    const items = decideAll(comparisons, session);
    return {
      items,
      blocked: block(waiting.filter((each) => !targets.has(each))),
      declared: await storeDeclared(declared, items, [], session, deps),
    };
  } catch {
    // The foundation is written and has to be recorded; an error that lasts is met again by the next write, and told there.
    return { items: [], blocked: block(waiting), declared };
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
  const id = objectIdOf(object);
  const { kind, namespace, name } = id;
  const subject = { id, object: { apiVersion: object.apiVersion, kind, namespace, name } };
  const treatment = treatRollout({ policy: policyFor(policy, object), marks: desiredMarks(object) });
  if (treatment.decision !== 'applied') return { ...subject, class: 'created', ...treatment };
  return {
    ...subject,
    class: 'prerequisite',
    decision: 'blocked',
    failure: {
      reason: 'WaitingForKind',
      message: `${describeObject(id)}: the cluster does not serve its kind yet; ${describeObject(definition)} has to be established first. The next run goes on.`,
    },
  };
}
