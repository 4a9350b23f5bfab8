/**
 * What others put beside our fields, and how it is taken back: `others.ts` asks the server what an object would be without it, `groups.ts` tells
 * what is more than a default and whose it is, `take-over.ts` makes it ours so that the next apply removes it. `exempt.ts` is what is never
 * taken; `field-sets.ts` and `removal.ts` are the arithmetic of fields and values.
 */
export { isExempt } from './exempt.ts';
export type { Spares } from './field-sets.ts';
export { type ForeignGroup, groupOthers, isTakenOver } from './groups.ts';
export { holdsMore, type OthersFields, type Owned, observeOthers } from './others.ts';
export { type PlannedTakeover, type Takeover, takeOver, takeoverOf } from './take-over.ts';
