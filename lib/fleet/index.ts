/**
 * The fleet: rows of the clusters table, what is known of each cluster, and who is due at a tick of the schedule.
 */
export type { ClusterConnection, ClusterEntry, ClusterRow, ClusterState, Mode } from './cluster.ts';
export { parseDuration } from './duration.ts';
export { ClusterMessage, SourceMessage } from './messages.ts';
export { parseRow } from './parse-row.ts';
export { isSuspended, planTick, type TickGauges, type TickPlan } from './plan-tick.ts';
export { createQueueClient, createQueues, type Delayed, QueueError, type Queues } from './queues.ts';
export { retryBusy } from './retry-busy.ts';
export { runSchedule, type ScheduleDependencies } from './run-schedule.ts';
