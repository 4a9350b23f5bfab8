import { FAULTS } from '../faults/faults.ts';
import { CONNECTION_FAULTS } from './connection-faults.ts';
import type { FaultRow } from './fault-row.ts';
import { messageFaultRows } from './message-faults.ts';
import { HISTORY_FAULT, REGISTRY_FAULTS } from './registry-faults.ts';
import { STORE_FAULTS } from './store-faults.ts';

/** What the tests of the deployed stack and of its bundles hold each fault to, as people read it. */
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
    ...CONNECTION_FAULTS.map(({ what, reason, remedy }): FaultRow => [what, 'failing', `\`${reason}\`, the run`, '1', remedy]),
    ...STORE_FAULTS.map((fault): FaultRow => {
      const { what, status, reason, record, exit, remedy } = fault;
      const where = record ? 'the run' : "none could be stored: the function's log, and the message comes back";
      const said = reason === undefined ? 'none: it is over' : `\`${reason}\`, ${where}`;
      return [what, status === 'as before' ? 'as before, with its age' : status, fault.said ?? said, String(exit), remedy];
    }),
    ...REGISTRY_FAULTS.map(
      ({ what, remedy }): FaultRow => [`${what} for a new tag`, 'blocked', '`ImageUnverifiable`, the workload and the run', '1', remedy],
    ),
    ...REGISTRY_FAULTS.map(
      ({ what, remedy }): FaultRow => [`${what} in an audit`, 'as before', '`run.unverifiable`, an image finding', '0', remedy],
    ),
    [HISTORY_FAULT.what, 'as before', '`PartlyAudited`, the audit fails; findings are recorded', '0', HISTORY_FAULT.remedy],
    ...messageFaultRows(),
  ];
}
