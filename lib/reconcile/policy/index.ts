/**
 * Policy: what may be done about what was seen, and when. `policy.ts` is what the row and `plumbline.yaml` allow at a moment, `memory.ts` what
 * earlier runs left to know. All of it is pure; `../decide.ts` puts it together.
 */

export { desiredMarks, HOLD_ANNOTATION, liveMarks, type Marks, RECONCILE_ANNOTATION } from './marks.ts';
export { type Memory, memoryOf, NO_MEMORY, type TargetMemory } from './memory.ts';
export { type Policy, policyOf, writes } from './policy.ts';
