import { ConditionalCheckFailedException, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, GetCommand, PutCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import { z } from 'zod';
import type { ImageLock } from '../images/types.ts';
import { batchGetItems, unprocessedKeys } from './batch-get.ts';
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
const Relocks = z.object({ relocks: z.number() });
const RELOCKS = 'relocks';
/** Of how many repositories the locks are kept in memory. */
const REPOSITORIES_KEPT = 20;

/**
 * Image locks in the `state` table, PK `repository#URL` of the source: SK `lock#REFERENCE` is the current one, `generation#REFERENCE#N` an
 * earlier one, `relocks` how many relocks there were, `tree#PLACE#HASH` what an artifact was locked with, and `head#PLACE` the tree that was locked there last.
 */
export function createLockStore(client: DynamoDBDocumentClient, table: string): LockStore {
  const partition = (repository: string) => `repository#${repository}`;
  const keyOf = (repository: string, sk: string) => ({ pk: partition(repository), sk });
  const get = async (repository: string, sk: string, signal?: AbortSignal): Promise<Item | undefined> => {
    const read = new GetCommand({ TableName: table, Key: keyOf(repository, sk), ConsistentRead: true });
    return (await client.send(read, sendOptions(signal))).Item;
  };
  // Nothing but a relock changes a lock, so those that were read stay true until there is one more.
  const kept = new Map<string, { readonly relocks: number; readonly locks: Map<string, ImageLock> }>();
  const currentLocks = async (repository: string, counted: Item | undefined, signal?: AbortSignal): Promise<readonly ImageLock[]> => {
    const relocks = counted === undefined ? 0 : Relocks.parse(counted).relocks;
    const known = kept.get(repository);
    if (known?.relocks === relocks) return [...known.locks.values()];
    const query = {
      TableName: table,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: { ':pk': partition(repository), ':prefix': 'lock#' },
      ConsistentRead: true,
    };
    const locks = new Map<string, ImageLock>();
    for await (const item of queryItems(client, query, signal)) {
      const lock = StoredLock.parse(item);
      locks.set(lock.reference, lock);
    }
    if (kept.size >= REPOSITORIES_KEPT) kept.clear();
    kept.set(repository, { relocks, locks });
    return [...locks.values()];
  };
  return {
    list: async (repository, signal) => currentLocks(repository, await get(repository, RELOCKS, signal), signal),

    async putIfAbsent(repository, lock) {
      const sk = `lock#${lock.reference}`;
      const Item = { ...keyOf(repository, sk), ...lock };
      try {
        await client.send(new PutCommand({ TableName: table, Item, ConditionExpression: 'attribute_not_exists(pk)' }));
        kept.get(repository)?.locks.set(lock.reference, lock);
        return lock;
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        const holds = StoredLock.parse(await get(repository, sk));
        kept.get(repository)?.locks.set(holds.reference, holds);
        return holds;
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
                Update: {
                  TableName: table,
                  Key: keyOf(repository, RELOCKS),
                  UpdateExpression: 'ADD relocks :one',
                  ExpressionAttributeValues: { ':one': 1 },
                },
              },
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
      const sks = { known: `tree#${place}#${tree}`, head: `head#${place}`, relocks: RELOCKS };
      const keys = Object.values(sks).map((sk) => keyOf(repository, sk));
      const { items, unprocessed } = await batchGetItems(client, table, keys, { consistent: true }, signal);
      if (unprocessed > 0) throw unprocessedKeys(table, unprocessed);
      const bySk = new Map(items.map((item) => [item.sk, item]));
      const [known, head] = [bySk.get(sks.known), bySk.get(sks.head)];
      return {
        locks: await currentLocks(repository, bySk.get(sks.relocks), signal),
        ...(known === undefined ? {} : { known: StoredTree.parse(known) }),
        ...(head === undefined ? {} : { head: Head.parse(head).tree }),
      };
    },

    async putTree(repository, place, tree, head) {
      const items = [
        { ...keyOf(repository, `tree#${place}#${tree.tree}`), ...tree },
        ...(head === tree.tree ? [] : [{ ...keyOf(repository, `head#${place}`), tree: tree.tree }]),
      ];
      await Promise.all(items.map((Item) => client.send(new PutCommand({ TableName: table, Item }))));
    },
  };
}
