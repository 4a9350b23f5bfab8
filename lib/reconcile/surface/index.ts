/**
 * What a run can tell of its objects without reading them. Metadata-only lists (`observe-surface.ts`), one for each kind, show who owns which
 * fields; a checkpoint (`checkpoint.ts`) remembers what they showed of each object when it was last seen equal to Git. What moved since, or is
 * not remembered, is a candidate (`triage.ts`): only candidates are read and dry-run.
 *
 * What ownership cannot show, webhooks and reordered lists and writes under our own name, is found by the sweep (`sweep.ts`), which verifies
 * every object in full once an hour, first those whose kind the environment (`environment.ts`) has another hand in since.
 */
export { type Basis, type Checkpoint, decodeCheckpoint, encodeCheckpoint } from './checkpoint.ts';
export { kindOf, nameOf, observeSurface, oursIn, type Surface } from './observe-surface.ts';
export { type Remembered, rememberRun } from './remember.ts';
export { decodeSlots, encodeSlots, type Slots } from './sweep.ts';
export { mergeComparisons, type Triage, triage } from './triage.ts';
