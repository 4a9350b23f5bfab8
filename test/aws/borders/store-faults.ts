import { type AwsFault, type AwsRequest, answers, answersWith, cuts, first, hangs, resets } from '../../helpers/aws-border.ts';

/** What a fault can be narrowed to, so that it meets one cluster only. */
export interface Victim {
  readonly digest: string;
  readonly uid: string;
  readonly secret: string;
}

/** One thing that AWS does to what belongs to one cluster, and what people are to be told of it. */
export interface StoreFault {
  readonly what: string;
  readonly meets: (victim: Victim) => (request: AwsRequest) => boolean;
  readonly fault: () => AwsFault;
  /** What `status` says; `stale` is what the run before said, with its age. */
  readonly status: 'failing' | 'in sync' | 'stale';
  /** In the status, and on standard error of the command where that fails. */
  readonly reason?: string;
  readonly says?: readonly string[];
  /** Whether there is a run record with the reason. */
  readonly record: boolean;
  /** Whether the message comes back. */
  readonly message: 'done' | 'retried';
  readonly exit: 0 | 1;
  /** What the cluster has while it lasts. */
  readonly applied: boolean;
  readonly remedy: string;
  /** What the table did not take of the object is in the log. */
  readonly logged?: true;
  /** It is open in the records before. */
  readonly openRecord?: true;
}

const dynamodb =
  (operation: string, ...parts: readonly string[]) =>
  () =>
  ({ service, operation: asked, text }: AwsRequest) =>
    service === 'dynamodb' && asked === operation && parts.every((part) => text.includes(part));
const s3 =
  (operation: 'GET' | 'PUT', path: (victim: Victim) => string) =>
  (victim: Victim) =>
  ({ service, operation: asked, text }: AwsRequest) =>
    service === 's3' && asked === operation && text.includes(path(victim));
const artifact = s3('GET', ({ digest }) => `/artifacts/${digest}`);
const WAIT = 'nothing: the next run goes on';
const NETWORK = 'check that the network leads to the service (NAT, VPC endpoints); else nothing';
const HEALTH = 'see the AWS Health Dashboard if it lasts; else nothing';
const LIMIT = "raise the table's or key's limit if it repeats; else nothing";

const notRecorded = { status: 'failing', record: false, message: 'retried', exit: 1, applied: true } as const;
const ended = { status: 'failing', record: true, message: 'done', exit: 1, applied: false } as const;

/** An outcome that is verified all the same. */
const healed = { status: 'in sync', record: false, message: 'done', exit: 0, applied: true } as const;

export const STORE_FAULTS: readonly StoreFault[] = [
  {
    what: 'DynamoDB answers 500 once, then well',
    meets: dynamodb('GetItem', 'victim'),
    fault: () => first(1, answers(500, 'InternalServerError')),
    ...healed,
    remedy: WAIT,
  },
  {
    what: 'DynamoDB answers 500 for the row',
    meets: dynamodb('GetItem', '"clusters-', 'victim'),
    fault: () => answers(500, 'InternalServerError'),
    ...notRecorded,
    applied: false,
    reason: 'AwsFailed',
    says: ['DynamoDB GetItem of table clusters-', 'answered 500'],
    remedy: HEALTH,
  },
  {
    what: 'DynamoDB throttles reads of the state',
    meets: dynamodb('GetItem', '"state-', 'victim'),
    fault: () => answers(400, 'ProvisionedThroughputExceededException'),
    ...notRecorded,
    applied: false,
    reason: 'AwsThrottled',
    says: ['DynamoDB GetItem of table state-', 'throttled (ProvisionedThroughputExceededException)'],
    remedy: LIMIT,
  },
  {
    what: 'DynamoDB takes no write of the state',
    meets: dynamodb('UpdateItem', '"state-', 'victim'),
    fault: () => answers(503, 'ServiceUnavailable'),
    status: 'stale',
    reason: 'AwsFailed',
    says: ['DynamoDB UpdateItem of table state-', 'answered 503'],
    record: true,
    message: 'retried',
    exit: 1,
    applied: false,
    remedy: `${HEALTH}; after three intervals the status is unknown by itself`,
  },
  {
    what: 'DynamoDB gives no lease',
    meets: ({ uid }) => dynamodb('UpdateItem', `lease#${uid}`)(),
    fault: () => answers(500, 'InternalServerError'),
    ...ended,
    reason: 'AwsFailed',
    says: ['DynamoDB UpdateItem of table state-'],
    remedy: HEALTH,
  },
  {
    what: 'DynamoDB does not list open records',
    meets: dynamodb('Query', 'open#', 'cluster#victim'),
    fault: () => answers(500, 'InternalServerError'),
    ...notRecorded,
    reason: 'AwsFailed',
    says: ['DynamoDB Query of table state-'],
    remedy: HEALTH,
  },
  {
    what: 'DynamoDB leaves keys of open records unprocessed, each time',
    meets: dynamodb('BatchGetItem', 'victim'),
    fault: () => answersWith(({ text }) => ({ Responses: {}, UnprocessedKeys: JSON.parse(text.slice(text.indexOf('{'))).RequestItems })),
    ...notRecorded,
    openRecord: true,
    reason: 'AwsThrottled',
    says: ['DynamoDB BatchGetItem of table records-', 'unprocessed 8 times'],
    remedy: LIMIT,
  },
  {
    what: 'DynamoDB leaves keys of open records unprocessed, three times',
    meets: dynamodb('BatchGetItem', 'victim'),
    fault: () =>
      first(
        3,
        answersWith(({ text }) => ({ Responses: {}, UnprocessedKeys: JSON.parse(text.slice(text.indexOf('{'))).RequestItems })),
      ),
    ...healed,
    openRecord: true,
    remedy: WAIT,
  },
  {
    what: 'DynamoDB throttles the records of objects',
    meets: dynamodb('TransactWriteItems', 'victim'),
    fault: () => answers(400, 'ThrottlingException'),
    ...notRecorded,
    // What was to be recorded is done by then, and the command finds nothing to do.
    exit: 0,
    logged: true,
    reason: 'AwsThrottled',
    says: ['DynamoDB TransactWriteItems', 'throttled (ThrottlingException)'],
    remedy: LIMIT,
  },
  {
    what: 'the connection is reset when the run is recorded',
    meets: dynamodb('PutItem', '"records-', 'victim'),
    fault: () => resets,
    ...notRecorded,
    reason: 'AwsUnreachable',
    says: ['DynamoDB PutItem of table records-', 'ECONNRESET'],
    remedy: NETWORK,
  },
  {
    what: 'DynamoDB answers the first half, each time',
    meets: dynamodb('GetItem', '"state-', 'victim'),
    fault: () => cuts,
    ...notRecorded,
    applied: false,
    reason: 'AwsUnreachable',
    says: ['DynamoDB GetItem of table state-'],
    remedy: NETWORK,
  },
  {
    what: 'DynamoDB does not answer',
    meets: dynamodb('GetItem', '"state-', 'victim'),
    fault: () => hangs,
    ...notRecorded,
    applied: false,
    reason: 'AwsUnreachable',
    says: ['DynamoDB GetItem of table state-', 'no whole answer'],
    remedy: NETWORK,
  },
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
    what: 'S3 does not take the inventory',
    meets: s3('PUT', () => '/inventories/victim'),
    fault: () => answers(503, 'SlowDown'),
    ...notRecorded,
    record: false,
    reason: 'AwsThrottled',
    says: ['S3 PutObject of object inventories/victim'],
    remedy: WAIT,
  },
  {
    what: 'KMS throttles the data key of the Secrets',
    meets:
      () =>
      ({ service, operation }) =>
        service === 'kms' && operation === 'Decrypt',
    fault: () => answers(400, 'ThrottlingException'),
    ...ended,
    reason: 'AwsThrottled',
    says: ['KMS Decrypt of key'],
    remedy: LIMIT,
  },
  {
    what: 'the key of the Secrets is disabled',
    meets:
      () =>
      ({ service, operation }) =>
        service === 'kms' && operation === 'Decrypt',
    fault: () => answers(400, 'DisabledException'),
    ...ended,
    reason: 'AwsRefused',
    says: ['KMS Decrypt of key', 'DisabledException', 'Enable it again'],
    remedy: 'enable the key again',
  },
  {
    what: 'KMS does not verify the digest',
    meets:
      ({ digest }) =>
      ({ service, operation, text }) =>
        service === 'kms' && operation === 'VerifyMac' && text.includes(Buffer.from(digest, 'hex').toString('base64')),
    fault: () => answers(500, 'KMSInternalException'),
    ...ended,
    reason: 'AwsFailed',
    says: ['KMS VerifyMac of key'],
    remedy: HEALTH,
  },
  {
    what: 'Secrets Manager answers 500 for the token',
    meets:
      ({ secret }) =>
      ({ service, text }) =>
        service === 'secretsmanager' && text.includes(secret),
    fault: () => answers(500, 'InternalServiceError'),
    ...ended,
    reason: 'AwsFailed',
    says: ['Secrets Manager GetSecretValue of secret borders-'],
    remedy: HEALTH,
  },
  {
    what: 'Secrets Manager does not answer',
    meets:
      ({ secret }) =>
      ({ service, text }) =>
        service === 'secretsmanager' && text.includes(secret),
    fault: () => hangs,
    ...ended,
    reason: 'AwsUnreachable',
    says: ['Secrets Manager GetSecretValue of secret borders-', 'no whole answer'],
    remedy: NETWORK,
  },
];
