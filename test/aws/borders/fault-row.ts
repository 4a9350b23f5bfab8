/** A row of the tables in docs/faults.md: the fault, the status, where its reason is recorded, the exit status of the command, what to do. */
export type FaultRow = readonly [string, string, string, string, string];
