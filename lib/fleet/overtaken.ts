import type { ClusterState } from './cluster.ts';

/** Whether a tick asks for what a run has done since: after an outage the ticks that waited in the queue evaporate after the first. */
export function isOvertaken(tickAt: Date, state: Pick<ClusterState, 'lastRunAt'> | undefined): boolean {
  return state?.lastRunAt !== undefined && tickAt.getTime() < Date.parse(state.lastRunAt);
}
