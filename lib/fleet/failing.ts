import type { ClusterState } from './cluster.ts';

/**
 * Whether a cluster fails, which is what `status` says and what the alarm counts: its last run failed, or its source cannot be followed. A run
 * that was blocked waits for something; its failure only says for what.
 */
export function isFailing(state: Pick<ClusterState, 'outcome' | 'failure' | 'sourceFailure'> | undefined): boolean {
  if (state === undefined) return false;
  return state.outcome === 'failed' || (state.failure !== undefined && state.outcome !== 'blocked') || state.sourceFailure !== undefined;
}
