/**
 * What becomes of objects that are no longer in Git. `removed.ts` looks for them in the cluster; every reason not to delete one is a guard of
 * its own (`guards.ts`, `run-guards.ts`), and `judge.ts` asks all of them; what passes is deleted in the reverse order of applying
 * (`delete.ts`), a Namespace or a CustomResourceDefinition only once it is empty (`contents.ts`), which a plan asks too (`foresee.ts`).
 *
 * Judging is pure. A guard's answer is why the object stays, in words; what stays is in the inventory on.
 */
export { type Deleting, type Pruned, pruneRemoved } from './delete.ts';
export { type Foreseen, foresee } from './foresee.ts';
export { type Judgement, judgeRemoved, type Verdict } from './judge.ts';
export { pruneMark } from './marks.ts';
export { intendedDeletion, pruneFacts } from './prune-facts.ts';
export { type Pruning, present, rememberPruning } from './remember.ts';
export { desiredKeys, observeRemoved, type Removed, type RemovedObject } from './removed.ts';
export { runGuard } from './run-guards.ts';
export { sourceOf } from './source.ts';
