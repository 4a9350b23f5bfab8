import { randomBytes } from 'node:crypto';
import {
  type AttributeDefinition,
  CreateTableCommand,
  DynamoDBClient,
  type KeySchemaElement,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { createDocumentClient } from '../../lib/storage/index.ts';
import type { Reach } from './deployed-state.ts';

/** Tables, a bucket and keys of their own, with the keys and indexes that the data stack gives them. */
export async function createTables(reach: Reach) {
  const suffix = randomBytes(4).toString('hex');
  const dynamodb = new DynamoDBClient(reach);
  const s3 = new S3Client({ ...reach, forcePathStyle: true });
  const kms = new KMSClient(reach);
  const names = { clusters: `clusters-${suffix}`, state: `state-${suffix}`, records: `records-${suffix}`, bucket: `artifacts-${suffix}` };
  await createTable(dynamodb, names.clusters, ['cluster']);
  await createTable(dynamodb, names.state, ['pk', 'sk']);
  await createTable(dynamodb, names.records, ['cluster', 'id'], { byStatus: ['status', 'id'], byObject: ['objectKey', 'id'] });
  await s3.send(new CreateBucketCommand({ Bucket: names.bucket }));
  const artifactKey = await kms.send(new CreateKeyCommand({}));
  const digestKey = await kms.send(new CreateKeyCommand({ KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' }));
  const keyIds = { artifactKey: artifactKey.KeyMetadata?.KeyId ?? '', digestKey: digestKey.KeyMetadata?.KeyId ?? '' };
  return { names, keyIds, documents: createDocumentClient(dynamodb), s3, kms };
}

async function createTable(
  client: DynamoDBClient,
  name: string,
  key: readonly string[],
  indexes: Readonly<Record<string, readonly string[]>> = {},
): Promise<void> {
  const schemaOf = (attributes: readonly string[]): KeySchemaElement[] =>
    attributes.map((attribute, index) => ({ AttributeName: attribute, KeyType: index === 0 ? 'HASH' : 'RANGE' }));
  const attributes = new Set([key, ...Object.values(indexes)].flat());
  const secondary = Object.entries(indexes).map(([index, attributesOfIndex]) => ({
    IndexName: index,
    KeySchema: schemaOf(attributesOfIndex),
    Projection: { ProjectionType: 'ALL' as const },
  }));
  await client.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: schemaOf(key),
      AttributeDefinitions: [...attributes].map((attribute): AttributeDefinition => ({ AttributeName: attribute, AttributeType: 'S' })),
      ...(secondary.length > 0 ? { GlobalSecondaryIndexes: secondary } : {}),
    }),
  );
  await waitUntilTableExists({ client, maxWaitTime: 30 }, { TableName: name });
}
