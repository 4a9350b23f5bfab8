/**
 * The heart of Plumbline: brings one cluster to what Git says, and says what it saw. Enter at `reconcile.ts`, whose stages hand on values:
 *
 * observe (`observe.ts`: live object and dry-run, an atomic pair) → compare (`compare.ts`: differences; drift or rollout; whose) → decide
 * (`decide.ts`: what the row allows) → apply (`apply.ts`: in stages, with preconditions) → verify (`verify.ts`: the server's answer) →
 * what is no longer in Git (`prune/`) → facts (`facts.ts`) → the record and the state (`conclude.ts`).
 *
 * Comparing and deciding are pure. `plan.ts` is the same without writing.
 */
export type { RunResult } from './conclude.ts';
export type { ReconcileDependencies } from './dependencies.ts';
export { isRenderedFor } from './desired-artifact.ts';
export { OWNER_LABEL, type WriterIdentity, writerIdentity } from './identity.ts';
export { type ClusterPlan, type PlanItem, type PlanOptions, planCluster } from './plan.ts';
export type { HeldPath, PlanWaits, Treatment } from './policy/index.ts';
export { type PrunedObject, pruneCluster } from './prune-cluster.ts';
export { reconcileCluster } from './reconcile.ts';
export { ClusterChangedError } from './run-error.ts';
export { sayFailed } from './say-failed.ts';
