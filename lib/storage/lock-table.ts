import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { z } from 'zod';
import type { ImageLock } from '../images/types.ts';
import { queryItems } from './document-client.ts';
import type { LockStore } from './stores.ts';

const StoredLock = z.object({
  reference: z.string(),
  digest: z.string(),
  mediaType: z.string(),
  platforms: z.array(z.object({ os: z.string(), architecture: z.string(), variant: z.string().exactOptional() })),
  resolvedAt: z.string(),
  generation: z.number(),
  firstRevision: z.string(),
} satisfies Record<keyof ImageLock, z.ZodType>);

/** Image locks in the `state` table: PK `repository#URL` of the source, SK `lock#REFERENCE`; written once. */
export function createLockStore(client: DynamoDBDocumentClient, table: string): LockStore {
  const partition = (repository: string) => `repository#${repository}`;
  return {
    async list(repository, signal) {
      const query = {
        TableName: table,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: { ':pk': partition(repository), ':prefix': 'lock#' },
        ConsistentRead: true,
      };
      const locks = [];
      for await (const item of queryItems(client, query, signal)) locks.push(StoredLock.parse(item));
      return locks;
    },

    async putIfAbsent(repository, lock) {
      const key = { pk: partition(repository), sk: `lock#${lock.reference}` };
      try {
        await client.send(new PutCommand({ TableName: table, Item: { ...key, ...lock }, ConditionExpression: 'attribute_not_exists(pk)' }));
        return lock;
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        const { Item } = await client.send(new GetCommand({ TableName: table, Key: key, ConsistentRead: true }));
        return StoredLock.parse(Item);
      }
    },
  };
}
