import { gunzipSync } from 'node:zlib';
import { CloudWatchLogsClient, paginateDescribeLogGroups, paginateFilterLogEvents } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import {
  GetObjectCommand,
  ListBucketsCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  S3Client,
} from '@aws-sdk/client-s3';
import { ListQueuesCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb';

/** What an SDK client needs to reach an environment; tests of the deployed stack make their own clients from it. */
export interface Reach {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export function reachOf(aws: Readonly<Record<string, string>>): Reach {
  const read = (name: string) => {
    const value = aws[name];
    if (value === undefined) throw new Error(`the environment has no ${name}`);
    return value;
  };
  return {
    endpoint: read('AWS_ENDPOINT_URL'),
    region: read('AWS_REGION'),
    credentials: { accessKeyId: read('AWS_ACCESS_KEY_ID'), secretAccessKey: read('AWS_SECRET_ACCESS_KEY') },
  };
}

/** Every line that a log group holds, oldest first: a log event of the emulator can hold several. */
export async function logLines(reach: Reach, logGroupName: string): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const page of paginateFilterLogEvents({ client: new CloudWatchLogsClient(reach) }, { logGroupName }))
    for (const event of page.events ?? []) lines.push(...(event.message ?? '').split('\n'));
  return lines;
}

/** Everything that a deployment has stored anywhere, as text by place: tables, every version of every object, queues and logs. */
export async function everythingStored(reach: Reach): Promise<ReadonlyMap<string, string>> {
  const stored = new Map<string, string>();
  await addTables(reach, stored);
  await addObjects(reach, stored);
  await addQueues(reach, stored);
  for await (const page of paginateDescribeLogGroups({ client: new CloudWatchLogsClient(reach) }, {}))
    for (const { logGroupName } of page.logGroups ?? [])
      if (logGroupName !== undefined) stored.set(`log ${logGroupName}`, (await logLines(reach, logGroupName)).join('\n'));
  return stored;
}

async function addTables(reach: Reach, stored: Map<string, string>): Promise<void> {
  const client = new DynamoDBClient(reach);
  const documents = DynamoDBDocumentClient.from(client);
  const { TableNames: names = [] } = await client.send(new ListTablesCommand({}));
  for (const name of names) {
    const items: string[] = [];
    for await (const page of paginateScan({ client: documents }, { TableName: name }))
      for (const item of page.Items ?? [])
        items.push(
          JSON.stringify(item, (_key, value) =>
            value instanceof Uint8Array ? bytesAsText(value) : typeof value === 'bigint' ? `${value}` : value,
          ),
        );
    stored.set(`table ${name}`, items.join('\n'));
  }
}

async function addObjects(reach: Reach, stored: Map<string, string>): Promise<void> {
  const s3 = new S3Client({ ...reach, forcePathStyle: true });
  const { Buckets: buckets = [] } = await s3.send(new ListBucketsCommand({}));
  for (const { Name: bucket } of buckets) {
    if (bucket === undefined || bucket.startsWith('cdk-')) continue;
    for (const { key, version } of await objectVersions(s3, bucket)) {
      const { Body: body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key, VersionId: version }));
      stored.set(`object ${bucket}/${key}@${version}`, body === undefined ? '' : bytesAsText(await body.transformToByteArray()));
    }
  }
}

async function objectVersions(s3: S3Client, bucket: string): Promise<readonly { readonly key: string; readonly version: string }[]> {
  const found: { readonly key: string; readonly version: string }[] = [];
  let from: { KeyMarker?: string; VersionIdMarker?: string } | undefined = {};
  while (from !== undefined) {
    const page: ListObjectVersionsCommandOutput = await s3.send(new ListObjectVersionsCommand({ Bucket: bucket, ...from }));
    for (const { Key: key, VersionId: version } of page.Versions ?? [])
      if (key !== undefined && version !== undefined) found.push({ key, version });
    from =
      page.IsTruncated && page.NextKeyMarker !== undefined
        ? {
            KeyMarker: page.NextKeyMarker,
            ...(page.NextVersionIdMarker === undefined ? {} : { VersionIdMarker: page.NextVersionIdMarker }),
          }
        : undefined;
  }
  return found;
}

async function addQueues(reach: Reach, stored: Map<string, string>): Promise<void> {
  const sqs = new SQSClient(reach);
  const { QueueUrls: urls = [] } = await sqs.send(new ListQueuesCommand({}));
  for (const url of urls) {
    const { Messages: messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 10, VisibilityTimeout: 0 }),
    );
    stored.set(`queue ${url}`, messages.map((message) => message.Body).join('\n'));
  }
}

function bytesAsText(bytes: Uint8Array): string {
  const gzipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return Buffer.from(gzipped ? gunzipSync(bytes) : bytes).toString('utf8');
}
