/**
 * Policy: what may be done about what was seen, and when. `policy.ts` is what the row and `plumbline.yaml` allow at a moment (`windows.ts`),
 * `marks.ts` what the object's annotations ask for, `memory.ts` what earlier runs left to know; `treat.ts` makes a decision of them. Fields
 * that are fought over are told apart first (`contests.ts`, `contested-drift.ts`), and what a write leaves as it is goes into its body
 * (`carry.ts`). All of it is pure; `../decide.ts` puts it together.
 */
export { carryLive } from './carry.ts';
export { CONTESTED, type ContestedDrift, contestedWhole, describeFight, divideDrift } from './contested-drift.ts';
export { contestsAfter, isFoughtOver } from './contests.ts';
export { describeIrreversible, IRREVERSIBLE, refusedFields } from './irreversible.ts';
export { markProblem } from './mark-problem.ts';
export { desiredMarks, HOLD_ANNOTATION, liveMarks, type Marks, RECONCILE_ANNOTATION } from './marks.ts';
export { type Memory, memoryOf, NO_MEMORY, type TargetMemory } from './memory.ts';
export { type HeldPath, objectWaits, type PlanWaits, planWaits } from './plan-waits.ts';
export { type Policy, policyFor, policyOf, writes } from './policy.ts';
export { sightingsOf } from './sightings.ts';
export { type Circumstances, forbidden, type Treatment, treatDrift, treatRollout } from './treat.ts';
