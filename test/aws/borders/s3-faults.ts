import { type AwsRequest, answers, cuts, hangs, resets } from '../../helpers/aws-border.ts';
import { ended, HEALTH, NETWORK, notRecorded, type StoreFault, type Victim, WAIT } from './store-fault.ts';

const s3 =
  (operation: 'GET' | 'PUT', path: (victim: Victim) => string) =>
  (victim: Victim) =>
  ({ service, operation: asked, text }: AwsRequest) =>
    service === 's3' && asked === operation && text.includes(path(victim));
const artifact = s3('GET', ({ digest }) => `/artifacts/${digest}`);

export const S3_FAULTS: readonly StoreFault[] = [
  {
    what: 'S3 says SlowDown for the artifact',
    meets: artifact,
    fault: () => answers(503, 'SlowDown'),
    ...ended,
    reason: 'AwsThrottled',
    says: ['S3 GetObject of object artifacts/', 'throttled (SlowDown)'],
    remedy: WAIT,
  },
  {
    what: 'S3 refuses the artifact',
    meets: artifact,
    fault: () => answers(403, 'AccessDenied'),
    ...ended,
    reason: 'AwsRefused',
    says: ['S3 GetObject of object artifacts/', 'Deploy the stacks again'],
    remedy: 'deploy the stacks again; look for a bucket policy that denies it',
  },
  {
    what: 'the connection to S3 is reset',
    meets: artifact,
    fault: () => resets,
    ...ended,
    reason: 'AwsUnreachable',
    says: ['S3 GetObject of object artifacts/', 'ECONNRESET'],
    remedy: NETWORK,
  },
  {
    what: 'S3 sends the first half of the artifact',
    meets: artifact,
    fault: () => cuts,
    ...ended,
    reason: 'AwsUnreachable',
    says: ['S3 GetObject of object artifacts/', 'no whole answer'],
    remedy: NETWORK,
  },
  {
    what: 'S3 does not answer',
    meets: artifact,
    fault: () => hangs,
    ...ended,
    reason: 'AwsUnreachable',
    says: ['S3 GetObject of object artifacts/', 'no whole answer'],
    remedy: NETWORK,
  },
  {
    what: 'S3 does not give the inventory',
    meets: s3('GET', () => '/inventories/victim'),
    fault: () => answers(500, 'InternalError'),
    ...ended,
    reason: 'AwsFailed',
    says: ['S3 GetObject of object inventories/victim'],
    remedy: HEALTH,
  },
  {
    what: 'S3 does not give the checkpoint',
    meets: s3('GET', () => '/checkpoints/victim'),
    fault: () => answers(500, 'InternalError'),
    ...ended,
    reason: 'AwsFailed',
    says: ['S3 GetObject of object checkpoints/victim'],
    remedy: HEALTH,
  },
  {
    what: 'S3 does not take the checkpoint',
    meets: s3('PUT', () => '/checkpoints/victim'),
    fault: () => answers(503, 'SlowDown'),
    ...notRecorded,
    noCheckpoint: true,
    reason: 'AwsThrottled',
    says: ['S3 PutObject of object checkpoints/victim'],
    remedy: WAIT,
  },
  {
    what: 'S3 does not take the inventory',
    // What a run is about to do is written down first: it does nothing that it could not tell of.
    meets: s3('PUT', () => '/inventories/victim'),
    fault: () => answers(503, 'SlowDown'),
    ...ended,
    reason: 'AwsThrottled',
    says: ['S3 PutObject of object inventories/victim'],
    remedy: WAIT,
  },
];
