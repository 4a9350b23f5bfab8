/**
 * What a run is about to do is written down before its first write, in the inventory, with the id that its record will have
 * (`write-ahead.ts`). A run that is cut off leaves that behind, and the next one records what came of it (`recover.ts`): no record is lost,
 * and none is there twice. A run that writes nothing writes nothing down.
 */
export { withRecords } from './recover.ts';
export { intendedFacts, storeDeclared } from './write-ahead.ts';
