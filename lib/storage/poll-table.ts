import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { z } from 'zod';
import type { PollStore } from './stores.ts';

const Tips = z.record(z.string(), z.string());

/** The tips of the last poll, in the `state` table: PK `repository#URL`, SK `poll`. */
export function createPollStore(client: DynamoDBDocumentClient, table: string): PollStore {
  const key = (repository: string) => ({ pk: `repository#${repository}`, sk: 'poll' });
  return {
    async get(repository) {
      const { Item } = await client.send(new GetCommand({ TableName: table, Key: key(repository), ConsistentRead: true }));
      return Item === undefined ? undefined : Tips.parse(Item.tips);
    },

    async put(repository, tips) {
      await client.send(new PutCommand({ TableName: table, Item: { ...key(repository), tips } }));
    },
  };
}
