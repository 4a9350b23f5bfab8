import type { ClusterRow, ClusterState } from '../fleet/cluster.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import type { Inventory, Lease } from '../storage/stores.ts';
import { applyAll, splitFoundation } from './apply.ts';
import { closesOf } from './closing.ts';
import { compare, compareAll } from './compare.ts';
import { concludeRun, type Run, type RunResult } from './conclude.ts';
import { decide, decideAll, type Item, policyOf, writes } from './decide.ts';
import type { ReconcileDependencies } from './dependencies.ts';
import { type DesiredArtifact, readDesiredArtifact } from './desired-artifact.ts';
import type { CompletedRun, Ending } from './ending.ts';
import { factsOf } from './facts.ts';
import { readHistory } from './history.ts';
import { writerIdentity } from './identity.ts';
import { declareInventory, EMPTY_INVENTORY, isAppliedInFull, sameInventory, settleInventory } from './inventory.ts';
import { takeLease } from './lease.ts';
import { observe, observeTarget } from './observe.ts';
import { observeRemoved } from './removed.ts';
import { runFailure } from './run-error.ts';
import { type Target, targetArtifact } from './target.ts';
import { planWaiting } from './waiting.ts';

/**
 * One run of one cluster: brings it to its last artifact, as far as its row allows, and records what was seen and done. It needs no Git.
 *
 * A cluster's own failure is an outcome, recorded with the next attempt. It throws only where what it did could not be recorded; then the
 * run has to be tried again.
 */
export async function reconcileCluster(
  row: ClusterRow,
  deps: ReconcileDependencies,
  { runId, signal }: { readonly runId: string; readonly signal: AbortSignal },
): Promise<RunResult> {
  await using scope = new AsyncDisposableStack();
  const state = await deps.state.get(row.cluster, signal);
  const run: Run = { row, runId, startedAt: deps.clock.now(), signal };
  const { ending, requests } = await attempt(run, state, deps, scope);
  return await concludeRun(run, ending, state, requests, deps);
}

/** Everything until there is something to record. What ends the run early is an ending too. */
async function attempt(
  run: Run,
  state: ClusterState | undefined,
  deps: ReconcileDependencies,
  scope: AsyncDisposableStack,
): Promise<{ readonly ending: Ending; readonly requests: number }> {
  const { row, signal } = run;
  let revision = '';
  let client: KubernetesClient | undefined;
  const end = (ending: Ending) => ({ ending, requests: client?.requests ?? 0 });
  try {
    if (row.mode === 'off') return end({ state: 'stopped', outcome: 'off', revision, backsOff: false });
    const desired = await readDesiredArtifact(row.cluster, state, deps.artifacts, signal);
    if (desired.state === 'stopped') return end(desired);
    revision = desired.artifact.revision;
    client = scope.adopt(await deps.connect(row, signal), (opened) => opened.close());
    const lease = await takeLease(run, client, deps, scope);
    if (lease === undefined) return end({ state: 'skipped' });
    return end(await reconcileObjects(run, desired, client, lease, deps));
  } catch (error) {
    return end({ state: 'stopped', outcome: 'failed', revision, failure: runFailure(row.cluster, error, signal), backsOff: true });
  }
}

/** The pipeline. Until the first write anything may throw; from there on every error is one object's, since what was done is recorded. */
async function reconcileObjects(
  { row, signal }: Run,
  { artifact, digest }: DesiredArtifact,
  client: KubernetesClient,
  lease: Lease,
  deps: ReconcileDependencies,
): Promise<CompletedRun> {
  const policy = policyOf(row, deps.clock.now());
  const identity = writerIdentity(deps.deployment, row.cluster);
  const server = { client, identity, signal };
  const comparing = { identity, writes: writes(policy) };

  const serverVersion = await client.serverVersion(signal);
  const discovery = await client.discover(signal);
  const inventory = (await deps.artifacts.getInventory(row.cluster, signal)) ?? EMPTY_INVENTORY;
  const history = await readHistory(inventory, { digest, artifact }, deps.artifacts, signal);
  const desired = targetArtifact(artifact, { discovery, identity, history });
  const observing = { validateAbsent: !writes(policy), namespaces: desired.namespaces };

  const plan = async (targets: readonly Target[]) => {
    const observations = observe(targets, server, observing);
    const comparisons = await compareAll(observations, comparing);
    return decideAll(comparisons, policy);
  };
  const planAgain = async (target: Target) => decide(compare(await observeTarget(target, server, observing), comparing), policy);
  const declare = async (known: Inventory, items: readonly Item[]) => {
    const declared = declareInventory(known, items);
    if (!sameInventory(known, declared)) await deps.artifacts.putInventory(row.cluster, declared);
    return declared;
  };
  const applying = { server, clock: deps.clock, lease, planAgain };

  const planned = await plan(desired.targets);
  const removed = await observeRemoved(inventory, desired, planned, server, discovery);
  const declared = await declare(inventory, planned);

  const [foundation, building] = splitFoundation(planned);
  const founded = await applyAll(foundation, applying);
  const late = await planWaiting(desired, founded, { identity, history }, { server, clock: deps.clock, policy, plan, declare, declared });
  const built = await applyAll([...building, ...late.items], applying);

  const applied = [...founded, ...built];
  const untargeted = [...desired.untargeted, ...late.blocked];
  const settled = settleInventory(late.declared, applied, digest, removed);
  return {
    state: 'completed',
    revision: artifact.revision,
    leaseExpiresAt: lease.expiresAt,
    serverVersion,
    objects: planned.length + desired.waiting.length + desired.untargeted.length,
    facts: factsOf(applied, untargeted, removed.live),
    closes: closesOf(applied, desired, removed),
    suspended: policy.suspended,
    inventory: sameInventory(settled, late.declared) ? undefined : settled,
    appliedArtifact: untargeted.length === 0 && isAppliedInFull(settled, applied, digest) ? digest : undefined,
  };
}
