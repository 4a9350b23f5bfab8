import { AwsFaultError } from '../aws-fault.ts';
import type { ClusterRow, ClusterState } from '../fleet/cluster.ts';
import { isOvertaken } from '../fleet/overtaken.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { isWaitingForServer } from '../source/rendered-from.ts';
import { isInventoryMoved } from '../storage/artifact-error.ts';
import type { Lease } from '../storage/stores.ts';
import { applyAll, splitFoundation } from './apply.ts';
import { compareAll } from './compare.ts';
import { completeRun } from './complete.ts';
import { concludeRun, type Run, type RunResult } from './conclude.ts';
import { decideAll } from './decide.ts';
import type { ReconcileDependencies } from './dependencies.ts';
import { readDesiredArtifact } from './desired-artifact.ts';
import type { CompletedRun, Ending } from './ending.ts';
import { assessAll, assessDependencies } from './health-stage.ts';
import { storeDeclared } from './intents/index.ts';
import { interruptedEnding } from './interruption.ts';
import { takeLease } from './lease.ts';
import { observeReadings } from './observe.ts';
import { observeRemoved } from './prune/index.ts';
import { intendedPrune, prune } from './prune-stage.ts';
import { readCandidates } from './read-candidates.ts';
import { runFailure } from './run-error.ts';
import { sayFailed } from './say-failed.ts';
import { readServer, rememberServer } from './server-facts.ts';
import { openSession, type Session } from './session.ts';
import { mergeComparisons, observeSurface, rememberRun, triage } from './surface/index.ts';
import { targetArtifact } from './target.ts';
import { planLate } from './waiting.ts';

export interface RunOptions {
  readonly runId: string;
  /** Ends the run at once, a write that is under way too. */
  readonly signal: AbortSignal;
  /** Ends the run after the writes that are under way; it records what it did and says that it was interrupted. */
  readonly interrupt?: AbortSignal;
  /** When the schedule asked for it. */
  readonly tickAt?: Date;
}

/**
 * One run of one cluster: brings it to its last artifact, as far as its row allows, and records what was seen and done. It needs no Git.
 *
 * A cluster's own failure is an outcome, recorded with the next attempt. It throws only where what it did could not be recorded; then the
 * run has to be tried again. `tickAt` is when the schedule asked for it: such a run is left out when another one has ended since, and has a
 * record of its own only when it has news.
 */
export async function reconcileCluster(
  row: ClusterRow,
  deps: ReconcileDependencies,
  { runId, signal: writing, interrupt, tickAt }: RunOptions,
): Promise<RunResult> {
  await using scope = new AsyncDisposableStack();
  const signal = interrupt === undefined ? writing : AbortSignal.any([writing, interrupt]);
  const state = await readState(row.cluster, deps, signal);
  const run: Run = { row, runId, startedAt: deps.clock.now(), tickAt, signal, writing };
  if (isOvertakenBy(run, state)) return { outcome: 'overtaken', records: [] };
  const { ending, requests } = await attempt(run, state, deps, scope);
  const told = interrupt?.aborted === true ? interruptedEnding(row.cluster, ending) : ending;
  return await concludeRun(run, told, state, requests, deps);
}

function isOvertakenBy({ tickAt }: Run, state: ClusterState | undefined): boolean {
  return tickAt !== undefined && isOvertaken(tickAt, state);
}

async function readState(
  cluster: string,
  { state }: Pick<ReconcileDependencies, 'state'>,
  signal: AbortSignal,
): Promise<ClusterState | undefined> {
  try {
    return await state.get(cluster, signal);
  } catch (error) {
    await sayFailed(cluster, error, state);
    throw error;
  }
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
    const known = await readDesiredArtifact(row, state, deps.artifacts, signal);
    if (known.state === 'stopped' && !isWaitingForServer(state)) return end(known);
    if (known.state === 'desired') revision = known.artifact.revision;
    client = scope.adopt(await deps.connect(row, signal), (opened) => opened.close());
    const lease = await takeLease(run, client, state, deps, scope);
    if (lease === undefined) return end({ state: 'skipped' });
    if (known.state === 'stopped') {
      await rememberServer(row, await readServer(client, signal), state, deps);
      return end(known);
    }
    // Another run may have been at the cluster since, with a newer artifact: going on from ours would set it back.
    const now = isNextAfter(state, lease) ? state : await deps.state.get(row.cluster, signal);
    if (isOvertakenBy(run, now)) return end({ state: 'overtaken' });
    const desired = now?.desiredArtifact === known.digest ? known : await readDesiredArtifact(row, now, deps.artifacts, signal);
    if (desired.state === 'stopped') return end(desired);
    revision = desired.artifact.revision;
    const session = await openSession(run, desired, now, client, lease, deps);
    await rememberServer(row, session, now, deps);
    return end(await reconcileObjects(session, deps));
  } catch (error) {
    if (isInventoryMoved(error)) return end({ state: 'overtaken' });
    // What AWS did not do is not the cluster's fault: it is tried again at its interval, not later and later.
    const backsOff = !(error instanceof AwsFaultError);
    return end({ state: 'stopped', outcome: 'failed', revision, failure: runFailure(row, error, signal), backsOff });
  }
}

/** Whether nobody had the lease between the run that left this state and ours. */
function isNextAfter(state: ClusterState | undefined, { fence }: Lease): boolean {
  return state?.fence !== undefined && fence === state.fence + 1;
}

/** The pipeline. Until the first write anything may throw; from there on every error is one object's, since what was done is recorded. */
async function reconcileObjects(session: Session, deps: Pick<ReconcileDependencies, 'artifacts' | 'recorder'>): Promise<CompletedRun> {
  const desired = targetArtifact(session.artifact, session);

  const surface = await observeSurface(desired.targets, session);
  const triaged = triage(desired.targets, surface, session);
  const observations = observeReadings(readCandidates(triaged.candidates, surface, session), session);
  const comparisons = mergeComparisons(desired.targets, triaged, await compareAll(observations, session));
  const items = decideAll(comparisons, session);
  const removed = await observeRemoved(desired, items, session);
  const declared = await storeDeclared(session.inventory, items, intendedPrune(removed, session), session, deps);

  const { foundation, rest } = splitFoundation(await assessDependencies(items, surface, session));
  const founded = await applyAll(foundation, session);
  const late = await planLate(desired, { founded, rest }, declared, session, deps);
  const built = await applyAll(late.items, session, founded);

  const applied = [...founded, ...built];
  const pruning = await prune({ desired, applied, late, removed }, session);
  const health = await assessAll(applied, surface, session);
  const remembered = rememberRun(applied, triaged, surface, session);
  return completeRun({ desired, applied, late, pruning, health, remembered }, session);
}
