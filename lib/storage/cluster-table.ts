import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, type DynamoDBDocumentClient, GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { PlumblineError } from '../errors.ts';
import { parseRow } from '../fleet/parse-row.ts';
import { scanItems, sendOptions } from './document-client.ts';
import type { ClusterStore } from './stores.ts';
import { updateExpression } from './update-expression.ts';

export class ClusterExistsError extends PlumblineError {
  constructor(cluster: string, options?: ErrorOptions) {
    super('ClusterExists', `cluster ${cluster}: it is registered already. Change it with \`plumbline cluster set ${cluster}\`.`, options);
  }
}

export class ClusterNotFoundError extends PlumblineError {
  constructor(cluster: string, options?: ErrorOptions) {
    super('ClusterNotFound', `cluster ${cluster}: it is not registered. \`plumbline cluster list\` shows what is.`, options);
  }
}

/** A reserved word in expressions. */
const CLUSTER = { '#cluster': 'cluster' };

/** The `clusters` table: PK `cluster`, one flat item a row, also edited by hand in the console. */
export function createClusterStore(client: DynamoDBDocumentClient, table: string): ClusterStore {
  return {
    async list(signal) {
      const entries = [];
      for await (const item of scanItems(client, table, signal)) entries.push(parseRow(item));
      return entries.sort((a, b) => (a.cluster < b.cluster ? -1 : 1));
    },

    async get(cluster, signal) {
      const command = new GetCommand({ TableName: table, Key: { cluster }, ConsistentRead: true });
      const { Item } = await client.send(command, sendOptions(signal));
      return Item === undefined ? undefined : parseRow(Item);
    },

    async put(item, { replace }) {
      const condition = replace ? {} : { ConditionExpression: 'attribute_not_exists(#cluster)', ExpressionAttributeNames: CLUSTER };
      try {
        await client.send(new PutCommand({ TableName: table, Item: item, ...condition }));
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) throw new ClusterExistsError(String(item.cluster), { cause: error });
        throw error;
      }
    },

    async update(cluster, set, remove) {
      const { ExpressionAttributeNames, ...expression } = updateExpression({
        ...set,
        ...Object.fromEntries(remove.map((name) => [name, null])),
      });
      try {
        await client.send(
          new UpdateCommand({
            TableName: table,
            Key: { cluster },
            ConditionExpression: 'attribute_exists(#cluster)',
            ExpressionAttributeNames: { ...ExpressionAttributeNames, ...CLUSTER },
            ...expression,
          }),
        );
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) throw new ClusterNotFoundError(cluster, { cause: error });
        throw error;
      }
    },

    async delete(cluster) {
      await client.send(new DeleteCommand({ TableName: table, Key: { cluster } }));
    },
  };
}
