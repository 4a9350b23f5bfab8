import type { Clock } from '../clock.ts';
import type { Recorder } from '../records/fact.ts';
import type { ClusterStore, StateStore } from '../storage/stores.ts';
import { planTick, type StatusChange, type TickPlan } from './plan-tick.ts';
import type { Queues } from './queues.ts';
import { delaySeconds } from './spread.ts';

export interface ScheduleDependencies {
  readonly clusters: Pick<ClusterStore, 'list'>;
  readonly state: Pick<StateStore, 'list' | 'update'>;
  readonly queues: Queues;
  readonly recorder: Pick<Recorder, 'recordFailure'>;
  readonly clock: Clock;
  /** A ULID for each record of a row that cannot be used. */
  readonly newRunId: () => string;
}

/** What a tick planned, and what kept some of it from being done. */
export interface Tick extends TickPlan {
  readonly errors: readonly unknown[];
}

/**
 * One tick: lists the fleet, sends what is due, and writes the status of rows that no run will report on; that of a row which cannot be used
 * is recorded too, once for each thing that is said of it. Throws when the fleet cannot be listed; what fails later stops nothing else.
 */
export async function runSchedule(deps: ScheduleDependencies, signal: AbortSignal): Promise<Tick> {
  const [entries, states] = await Promise.all([deps.clusters.list(signal), deps.state.list(signal)]);
  const now = deps.clock.now();
  const plan = planTick(entries, states, now);
  const clusters = plan.clusters.map((message) => ({ message, delaySeconds: delaySeconds(message.cluster, plan.clusters.length) }));
  const done = await Promise.allSettled([
    deps.queues.sendSources(plan.sources, signal),
    deps.queues.sendClusters(clusters, signal),
    ...plan.statuses.map((status) => writeStatus(status, now, deps)),
  ]);
  return { ...plan, errors: done.flatMap((each) => (each.status === 'rejected' ? [each.reason] : [])) };
}

async function writeStatus({ cluster, patch }: StatusChange, now: Date, deps: ScheduleDependencies): Promise<void> {
  const { failure: error } = patch;
  // Recorded first: a tick that is cut off in between says it twice rather than never.
  if (error !== null) {
    await deps.recorder.recordFailure({ cluster, runId: deps.newRunId(), revision: '', startedAt: now.toISOString(), error });
  }
  await deps.state.update(cluster, patch);
}
