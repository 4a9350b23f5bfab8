import { reachOf } from './deployed-state.ts';
import { testEnvironment } from './environment.ts';
import { createTables } from './tables.ts';

/** Tables, a bucket and keys of this test's own, in the environment of the run. */
export const createTestTables = () => createTables(reachOf(testEnvironment().aws));
