import { type AwsFault, type AwsRequest, answers } from '../../helpers/aws-border.ts';
import type { FaultRow } from './fault-row.ts';
import { HEALTH } from './store-fault.ts';

/** One thing that keeps one cluster's part of the work from being handed on. */
export interface MessageFault {
  readonly what: string;
  readonly meets: (request: AwsRequest) => boolean;
  readonly fault: () => AwsFault;
  /** The rest of its row in docs/faults.md: status, where it is said, exit status, what to do. */
  readonly row: readonly [string, string, string, string];
}

const messageOf =
  (queue: string, subject: string) =>
  ({ service, text }: AwsRequest) =>
    service === 'sqs' && text.includes(queue) && text.includes(subject);

/** While `source` works on a commit; the queue and the table fail for the row `victim` alone. */
export const SOURCE_MESSAGE_FAULTS: readonly MessageFault[] = [
  {
    what: 'SQS takes no message of a new artifact',
    meets: messageOf('borders-messages-clusters', 'victim'),
    fault: () => answers(500, 'InternalError'),
    row: [
      'as before, at the commit before',
      "`NotKept`, none could be stored: the function's log, and the message comes back",
      '0',
      HEALTH,
    ],
  },
  {
    what: 'DynamoDB takes no new artifact of a row',
    meets: ({ service, operation, text }) =>
      service === 'dynamodb' && operation === 'UpdateItem' && text.includes('victim') && text.includes('desiredArtifact'),
    fault: () => answers(500, 'InternalServerError'),
    row: [
      'as before, at the commit before',
      "`NotKept`, none could be stored: the function's log, and the message comes back",
      '0',
      HEALTH,
    ],
  },
];

export const BUSY_FAULT: MessageFault = {
  what: 'SQS takes no message of a cluster that is busy',
  meets: messageOf('borders-messages-clusters', 'victim'),
  fault: () => answers(503, 'ServiceUnavailable'),
  row: ['as before, with its age', "none: nothing was done; the function's log, and the message comes back", '1', HEALTH],
};

export const UPGRADE_FAULT: MessageFault = {
  what: 'SQS takes no message of a chart whose cluster was upgraded',
  meets: messageOf('borders-messages-sources', ''),
  fault: () => answers(400, 'RequestThrottled'),
  row: ['in sync', "none: the next poll renders it; the function's log", '0', 'nothing: the next poll goes on'],
};

export function messageFaultRows(): readonly FaultRow[] {
  return [...SOURCE_MESSAGE_FAULTS, BUSY_FAULT, UPGRADE_FAULT].map(({ what, row }): FaultRow => [what, ...row]);
}
