import { type AwsCall, awsFaultOf } from './aws-fault.ts';

/** How long a client waits: an SDK client that is told nothing waits for ever. Milliseconds. */
export interface Patience {
  readonly requestHandler: {
    readonly connectionTimeout: number;
    readonly requestTimeout: number;
    readonly throwOnRequestTimeout: true;
    readonly socketTimeout: number;
  };
}

/** For calls that answer in milliseconds: three attempts end within a quarter of a minute. */
export const PATIENCE: Patience = patience(5_000);

/** For objects of some megabytes. */
export const PATIENCE_FOR_OBJECTS: Patience = patience(10_000);

function patience(requestTimeout: number): Patience {
  return { requestHandler: { connectionTimeout: 3_000, requestTimeout, throwOnRequestTimeout: true, socketTimeout: requestTimeout } };
}

interface Context {
  readonly clientName?: string;
  readonly commandName?: string;
}

/** For the outermost step of a client's middleware: what AWS did not do is an `AwsFaultError` that names the call. */
export function nameFaults<Args extends { readonly input: object }, Result>(
  next: (args: Args) => Promise<Result>,
  { clientName = '', commandName = '' }: Context,
): (args: Args) => Promise<Result> {
  return async (args) => {
    try {
      return await next(args);
    } catch (error) {
      const call: AwsCall = {
        service: SERVICES[clientName] ?? clientName,
        operation: commandName.replace(/Command$/, ''),
        subject: subjectOf(args.input),
      };
      throw awsFaultOf(error, call) ?? error;
    }
  };
}

/** Where it stands among a client's middleware: around the retries. */
export const OUTERMOST = { step: 'initialize', priority: 'high', name: 'nameFaults' } as const;

const SERVICES: Readonly<Record<string, string>> = {
  DynamoDBClient: 'DynamoDB',
  ECRClient: 'ECR',
  KMSClient: 'KMS',
  S3Client: 'S3',
  SecretsManagerClient: 'Secrets Manager',
  SQSClient: 'SQS',
};

/** In the order in which they say most: a call on an object names its bucket too. */
const SUBJECTS = [
  ['Key', 'object'],
  ['TableName', 'table'],
  ['Bucket', 'bucket'],
  ['KeyId', 'key'],
  ['SecretId', 'secret'],
  ['QueueUrl', 'queue'],
  ['repositoryName', 'repository'],
] as const;

function subjectOf(input: object): string | undefined {
  const values = new Map<string, unknown>(Object.entries(input));
  for (const [name, kind] of SUBJECTS) {
    const value = values.get(name);
    if (typeof value === 'string') return `${kind} ${value}`;
  }
  const tables = values.get('RequestItems');
  return typeof tables === 'object' && tables !== null ? `table ${Object.keys(tables).join(', ')}` : undefined;
}
