import { FAULTS } from '../faults/faults.ts';
import { REGISTRY_FAULTS } from './registry-faults.ts';
import { STORE_FAULTS } from './store-faults.ts';

/** A row of the tables in docs/faults.md: the fault, the status, where its reason is recorded, the exit status of the command, what to do. */
export type FaultRow = readonly [string, string, string, string, string];

/** What the tests of the deployed stack hold each fault to, as people read it. */
export function faultRows(): readonly FaultRow[] {
  return [
    ...FAULTS.map(
      ({ what, status, reason, objects }): FaultRow => [
        what,
        status,
        `\`${reason}\`, ${objects === undefined ? 'the run' : `${objects.join(', ')} and the run`}`,
        '1',
        'what the message says',
      ],
    ),
    ...STORE_FAULTS.map((fault): FaultRow => {
      const { what, status, reason, record, message, exit, remedy } = fault;
      const said = reason === undefined ? 'none: it is over' : `\`${reason}\`, `;
      const where = record ? 'the run' : "none could be stored: the function's log, and the message comes back";
      const words = status === 'stale' ? 'as before, with its age' : status;
      const comesBack = record && message === 'retried' ? '; the message comes back' : '';
      return [what, words, reason === undefined ? said : `${said}${where}${comesBack}`, String(exit), remedy];
    }),
    ...REGISTRY_FAULTS.map(
      ({ what, remedy }): FaultRow => [`${what} for a new tag`, 'blocked', '`ImageUnverifiable`, the workload and the run', '1', remedy],
    ),
  ];
}
