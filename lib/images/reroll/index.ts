/** A workload is restarted through its template, never below what its budgets allow. */
export {
  AUTO_REROLL_INTERVAL_MS,
  CLUSTER_REROLL_INTERVAL_MS,
  type OptedInCluster,
  type RerollOutcome,
  rerollMismatch,
} from './auto-reroll.ts';
export { RerollError, type RerollTarget, rerollWorkload, restartThroughTemplate } from './reroll.ts';
