import type { Clock } from '../clock.ts';
import type { ClusterStore, StateStore } from '../storage/stores.ts';
import { planTick, type TickPlan } from './plan-tick.ts';
import type { Queues } from './queues.ts';
import { delaySeconds } from './spread.ts';

export interface ScheduleDependencies {
  readonly clusters: Pick<ClusterStore, 'list'>;
  readonly state: Pick<StateStore, 'list' | 'update'>;
  readonly queues: Queues;
  readonly clock: Clock;
}

/** One tick: lists the fleet, sends what is due, and writes the status of rows that no run will report on. Returns what it planned. */
export async function runSchedule(deps: ScheduleDependencies, signal: AbortSignal): Promise<TickPlan> {
  const [entries, states] = await Promise.all([deps.clusters.list(signal), deps.state.list(signal)]);
  const plan = planTick(entries, states, deps.clock.now());
  await deps.queues.sendSources(plan.sources, signal);
  await deps.queues.sendClusters(
    plan.clusters.map((message) => ({ message, delaySeconds: delaySeconds(message.cluster, plan.clusters.length) })),
    signal,
  );
  for (const { cluster, patch } of plan.statuses) await deps.state.update(cluster, patch);
  return plan;
}
