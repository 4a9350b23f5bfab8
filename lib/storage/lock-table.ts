import { ConditionalCheckFailedException, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, GetCommand, PutCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import { z } from 'zod';
import type { ImageLock } from '../images/types.ts';
import { type Item, queryItems, sendOptions } from './document-client.ts';
import type { LockedTree, LockStore } from './stores.ts';

const StoredLock = z.object({
  reference: z.string(),
  digest: z.string(),
  mediaType: z.string(),
  platforms: z.array(z.object({ os: z.string(), architecture: z.string(), variant: z.string().exactOptional() })),
  resolvedAt: z.string(),
  generation: z.number(),
  firstRevision: z.string(),
  reason: z.string().exactOptional(),
} satisfies Record<keyof ImageLock, z.ZodType>);

const StoredTree = z.object({
  tree: z.string(),
  revision: z.string(),
  generations: z.record(z.string(), z.number()),
} satisfies Record<keyof LockedTree, z.ZodType>);
const Head = z.object({ tree: z.string() });

/**
 * Image locks in the `state` table, PK `repository#URL` of the source: SK `lock#REFERENCE` is the current one, `generation#REFERENCE#N` an
 * earlier one, `tree#PLACE#HASH` what an artifact was locked with, and `head#PLACE` the tree that was locked there last.
 */
export function createLockStore(client: DynamoDBDocumentClient, table: string): LockStore {
  const partition = (repository: string) => `repository#${repository}`;
  const keyOf = (repository: string, sk: string) => ({ pk: partition(repository), sk });
  const get = async (repository: string, sk: string, signal?: AbortSignal): Promise<Item | undefined> => {
    const read = new GetCommand({ TableName: table, Key: keyOf(repository, sk), ConsistentRead: true });
    return (await client.send(read, sendOptions(signal))).Item;
  };
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
      const sk = `lock#${lock.reference}`;
      const Item = { ...keyOf(repository, sk), ...lock };
      try {
        await client.send(new PutCommand({ TableName: table, Item, ConditionExpression: 'attribute_not_exists(pk)' }));
        return lock;
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        return StoredLock.parse(await get(repository, sk));
      }
    },

    async relock(repository, lock, replaced) {
      const earlier = { ...keyOf(repository, `generation#${replaced.reference}#${replaced.generation}`), ...replaced };
      const current = { ...keyOf(repository, `lock#${lock.reference}`), ...lock };
      try {
        await client.send(
          new TransactWriteCommand({
            TransactItems: [
              { Put: { TableName: table, Item: earlier } },
              {
                Put: {
                  TableName: table,
                  Item: current,
                  ConditionExpression: 'generation = :replaced',
                  ExpressionAttributeValues: { ':replaced': replaced.generation },
                },
              },
            ],
          }),
        );
        return true;
      } catch (error) {
        if (error instanceof TransactionCanceledException) return false;
        throw error;
      }
    },

    async generation(repository, reference, generation, signal) {
      const item = await get(repository, `generation#${reference}#${generation}`, signal);
      return item === undefined ? undefined : StoredLock.parse(item);
    },

    async readTree(repository, place, tree, signal) {
      const [known, head] = await Promise.all([get(repository, `tree#${place}#${tree}`, signal), get(repository, `head#${place}`, signal)]);
      return {
        ...(known === undefined ? {} : { known: StoredTree.parse(known) }),
        ...(head === undefined ? {} : { head: Head.parse(head).tree }),
      };
    },

    async putTree(repository, place, tree) {
      await client.send(new PutCommand({ TableName: table, Item: { ...keyOf(repository, `tree#${place}#${tree.tree}`), ...tree } }));
      await client.send(new PutCommand({ TableName: table, Item: { ...keyOf(repository, `head#${place}`), tree: tree.tree } }));
    },
  };
}
