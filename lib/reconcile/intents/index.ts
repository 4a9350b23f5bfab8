/**
 * What a run is about to do is written down before its first write, in the inventory, with the id that its record will have
 * (`write-ahead.ts`), and with the id of the run's own. A run that is cut off leaves that behind, and the next one records the run, and what came of
 * what it was to do (`recover.ts`): no record is lost, and none is there twice. A run that writes nothing writes nothing down.
 */
export { withRecords } from './recover.ts';
export { intendedFacts, storeDeclared } from './write-ahead.ts';
