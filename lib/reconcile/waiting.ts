import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import type { Discovery } from '../kubernetes/client.ts';
import { describeObject, objectIdOf, objectKey } from '../manifests/object.ts';
import type { Inventory } from '../storage/stores.ts';
import type { AppliedItem } from './apply.ts';
import { type Item, type Policy, writes } from './decide.ts';
import type { Server } from './observe.ts';
import { type DesiredState, type Target, type Targeting, targetOf, type Untargeted, type WaitingObject } from './target.ts';

/** What became of the objects that waited for their kinds. */
export interface LatePlan {
  readonly items: readonly Item[];
  readonly blocked: readonly Untargeted[];
  readonly declared: Inventory;
}

export interface Waiting {
  readonly server: Server;
  readonly clock: Clock;
  readonly policy: Policy;
  /** Observes, compares and decides. */
  readonly plan: (targets: readonly Target[]) => Promise<readonly Item[]>;
  /** Stores an inventory that has these items too. */
  readonly declare: (known: Inventory, items: readonly Item[]) => Promise<Inventory>;
  readonly declared: Inventory;
}

const PATIENCE_SECONDS = 10;
const POLL_MILLISECONDS = 250;

/**
 * Plans the objects whose kinds came with this run's foundation. Throws nothing: what cannot be planned yet is blocked, and the next run's.
 */
export async function planWaiting(
  { waiting }: DesiredState,
  founded: readonly AppliedItem[],
  targeting: Omit<Targeting, 'discovery'>,
  { server, clock, policy, plan, declare, declared }: Waiting,
): Promise<LatePlan> {
  const block = (objects: readonly WaitingObject[]) => objects.map((each) => stillWaiting(each, policy));
  const there = new Set(founded.filter(isThere).map(({ target }) => target.key));
  const hopeful = waiting.filter(({ definition }) => there.has(objectKey(definition)));
  if (hopeful.length === 0 || !writes(policy)) return { items: [], blocked: block(waiting), declared };
  try {
    const discovery = await awaitKinds(hopeful, server, clock);
    const targets = new Map<WaitingObject, Target>();
    for (const each of hopeful) {
      const lookup = discovery.lookup(each.object.apiVersion, each.object.kind);
      if ('found' in lookup) targets.set(each, targetOf(each.object, lookup.found, targeting));
    }
    const items = await plan([...targets.values()]);
    return { items, blocked: block(waiting.filter((each) => !targets.has(each))), declared: await declare(declared, items) };
  } catch {
    // The foundation is written and has to be recorded; an error that lasts is met again by the next write, and told there.
    return { items: [], blocked: block(waiting), declared };
  }
}

/** Whether a definition is in the cluster as we want it. */
function isThere({ comparison, result }: AppliedItem): boolean {
  return result.state === 'written' || (result.state === 'left' && comparison.state === 'present');
}

/**
 * Asks what the cluster serves until it serves the kinds that objects wait for, at most ten seconds; what takes longer is the next run's.
 * A kind is served once its CustomResourceDefinition is established.
 */
async function awaitKinds(waiting: readonly WaitingObject[], { client, signal }: Server, clock: Clock): Promise<Discovery> {
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
  if (!writes(policy)) return { ...subject, class: 'created', decision: policy.mode === 'observe' ? 'observed' : 'suspended' };
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
