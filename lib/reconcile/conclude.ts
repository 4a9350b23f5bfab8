import type { Failure } from '../errors.ts';
import type { ClusterRow, ClusterState } from '../fleet/cluster.ts';
import type { Fact } from '../records/fact.ts';
import type { Decision, PlumblineRecord, RunOutcome } from '../records/record.ts';
import { redactFailure } from '../records/redact.ts';
import { isInventoryMoved } from '../storage/artifact-error.ts';
import type { Inventory } from '../storage/stores.ts';
import { nextAttempt } from './backoff.ts';
import type { ReconcileDependencies } from './dependencies.ts';
import type { CompletedRun, Ending, StoppedRun } from './ending.ts';
import { countFacts, isOpen, isVerifiedRun, outcomeOf } from './outcome.ts';
import { repeatsLast } from './repetition.ts';
import { sayFailed } from './say-failed.ts';

export interface Run {
  readonly row: ClusterRow;
  readonly runId: string;
  readonly startedAt: Date;
  /** When the schedule asked for it; undefined of a run that a commit or a person asked for. */
  readonly tickAt: Date | undefined;
  /** Ends the run in time, and when a person interrupts it; recording has a time of its own. */
  readonly signal: AbortSignal;
  /** Ends a write that is under way. An interruption does not: what became of the write would not be known. */
  readonly writing: AbortSignal;
}

export interface RunResult {
  /**
   * `skipped`: another run holds the cluster's lease; `overtaken`: another one has ended since the schedule asked for this one. Nothing was
   * touched or recorded.
   */
  readonly outcome: RunOutcome | 'skipped' | 'overtaken';
  /** The records that moved, the run's own last. One that the schedule asked for has none of its own when it has no news. */
  readonly records: readonly PlumblineRecord[];
}

/** Recording has a time of its own: a run that was stopped still says what it did. */
const RECORDING_SECONDS = 30;

/**
 * Records the run and brings the cluster's state up to date, in this order, so that a run which is cut off here leaves too old a state and
 * no lie: records, the inventory, the checkpoint, the state. Throws when a table cannot be reached: then the run has to be tried again.
 */
export async function concludeRun(
  run: Run,
  ending: Ending,
  before: ClusterState | undefined,
  requests: number,
  deps: ReconcileDependencies,
): Promise<RunResult> {
  if (ending.state === 'skipped' || ending.state === 'overtaken') return { outcome: ending.state, records: [] };
  const now = deps.clock.now();
  try {
    return await store(run, ending, before, { now, requests }, deps);
  } catch (error) {
    if (!isOverdue(ending, deps.clock.now())) await sayFailed(run.row.cluster, error, deps.state);
    throw error;
  }
}

/** Whether another run may be ahead, whose state this one must not set back. */
function isOverdue(ending: CompletedRun | StoppedRun, now: Date): boolean {
  return ending.state === 'completed' && now.getTime() >= Date.parse(ending.leaseExpiresAt);
}

async function store(
  run: Run,
  ending: CompletedRun | StoppedRun,
  before: ClusterState | undefined,
  { now, requests }: { readonly now: Date; readonly requests: number },
  deps: ReconcileDependencies,
): Promise<RunResult> {
  const { cluster } = run.row;
  const facts = ending.state === 'completed' ? ending.facts : [];
  const outcome = ending.state === 'completed' ? outcomeOf(facts, ending.suspended) : ending.outcome;
  const cause = ending.failure ?? failureOfObjects(facts);
  const failure = cause === undefined ? undefined : redactFailure(cause);
  const records = await deps.recorder.record(
    {
      cluster,
      runId: run.runId,
      revision: ending.revision,
      startedAt: run.startedAt.toISOString(),
      facts,
      // A run that stopped before has no word on any object.
      open: ending.state === 'completed' ? ending.open : [],
      closes: ending.state === 'completed' ? ending.closes : () => false,
      repeats:
        run.tickAt !== undefined &&
        repeatsLast(before, { outcome, failure, ...(ending.state === 'completed' ? { revision: ending.revision } : {}) }),
      ...(ending.state === 'completed' && ending.runRecordId !== undefined ? { runRecordId: ending.runRecordId } : {}),
      run: {
        outcome,
        ...countFacts(facts, ending.state === 'completed' ? ending.objects : 0),
        requests,
        durationMs: now.getTime() - run.startedAt.getTime(),
        ...(failure === undefined ? {} : { error: failure }),
      },
    },
    AbortSignal.timeout(RECORDING_SECONDS * 1000),
  );
  // Recording takes its time.
  if (isOverdue(ending, deps.clock.now())) return { outcome, records };
  if (ending.state === 'completed') {
    const { inventory, remembered } = ending;
    if (inventory !== undefined && !(await storeInventory(cluster, inventory, deps))) return { outcome, records };
    if (remembered.checkpoint !== undefined) await deps.artifacts.putCheckpoint(cluster, remembered.checkpoint);
  }
  const patch = ending.state === 'completed' ? completedState(ending, run) : stoppedState(ending, before, now, deps.random());
  await deps.state.update(cluster, { ...patch, outcome, failure: failure ?? null, lastRunAt: now.toISOString() });
  return { outcome, records };
}

/** False where another run is ahead, whose inventory and state this one must not set back. */
async function storeInventory(
  cluster: string,
  inventory: Inventory,
  { artifacts }: Pick<ReconcileDependencies, 'artifacts'>,
): Promise<boolean> {
  try {
    await artifacts.putInventory(cluster, inventory);
    return true;
  } catch (error) {
    if (isInventoryMoved(error)) return false;
    throw error;
  }
}

type StatePatch = Parameters<ReconcileDependencies['state']['update']>[1];

function completedState(
  { facts, revision, serverVersion, fence, objects, rollouts, remembered, appliedArtifact, contested }: CompletedRun,
  { startedAt }: Run,
): StatePatch {
  return {
    revision,
    serverVersion,
    objects,
    open: facts.filter(isOpen).length,
    sweep: remembered.sweep,
    fence,
    held: countOrNothing(facts, 'held'),
    backedOff: countOrNothing(facts, 'backed-off'),
    rollouts: { ...rollouts, at: startedAt.toISOString() },
    ...(contested === undefined ? {} : { contested: contested.length === 0 ? null : contested }),
    // The first object may have been looked at as long ago as that.
    ...(isVerifiedRun(facts) ? { observedAt: startedAt.toISOString(), verifiedAt: remembered.verifiedAt.toISOString() } : {}),
    ...(appliedArtifact === undefined ? {} : { appliedArtifact }),
    nextAttemptAt: null,
    consecutiveFailures: null,
  };
}

function countOrNothing(facts: readonly Fact[], wanted: Decision): number | null {
  return facts.filter(({ decision }) => decision === wanted).length || null;
}

function stoppedState({ backsOff, artifactMissing }: StoppedRun, before: ClusterState | undefined, now: Date, random: number): StatePatch {
  // What is not known to be published is rendered and published at the next poll.
  if (artifactMissing === true) return { desiredArtifact: null, nextAttemptAt: null };
  if (!backsOff) return { nextAttemptAt: null };
  const consecutiveFailures = (before?.consecutiveFailures ?? 0) + 1;
  return { consecutiveFailures, nextAttemptAt: nextAttempt(consecutiveFailures, now, random).toISOString() };
}

/** The first of the objects' failures stands for all of them in the cluster's status; each has a record of its own. */
function failureOfObjects(facts: readonly Fact[]): Failure | undefined {
  const failures = facts.filter(({ decision }) => decision === 'failed' || decision === 'blocked' || decision === 'refused');
  const first = (failures.find(({ decision }) => decision === 'failed') ?? failures[0])?.error;
  if (first === undefined || failures.length === 1) return first;
  return { reason: first.reason, message: `${first.message} (and ${failures.length - 1} more; see the records)` };
}
