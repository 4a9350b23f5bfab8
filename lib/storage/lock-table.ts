import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { z } from 'zod';
import type { ImageLock } from '../images/types.ts';
import { batchGetItems, unprocessedKeys } from './batch-get.ts';
import { type Item, queryItems, sendOptions } from './document-client.ts';
import type { LockStore, RenderedTree } from './stores.ts';
import { transactWrite } from './transact.ts';

const StoredLock = z.object({
  reference: z.string(),
  digest: z.string(),
  mediaType: z.string(),
  platforms: z.array(z.object({ os: z.string(), architecture: z.string(), variant: z.string().exactOptional() })),
  resolvedAt: z.string(),
  generation: z.number(),
  firstRevision: z.string(),
  reason: z.string().exactOptional(),
  relock: z.number().exactOptional(),
} satisfies Record<keyof ImageLock, z.ZodType>);

const Head = z.object({ tree: z.string() });
const Relocks = z.object({ relocks: z.number() });
const RELOCKS = 'relocks';
const UNCHANGED = 'attribute_not_exists(pk) OR relocks = :counted';
/** Of how many repositories the locks are kept in memory. */
const REPOSITORIES_KEPT = 20;

/**
 * Image locks in the `state` table, PK `repository#URL` of the source: SK `lock#REFERENCE` is the current one, `generation#REFERENCE#N` an
 * earlier one, `relocks` how many relocks there were, `commit#REVISION#PATH` and `tree#PATH#HASH` as of how many a commit is locked and the last
 * one with that tree was, and `head#REFERENCE PATH` the tree that was locked there last.
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
    const relocks = relocksIn(counted) ?? 0;
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
  const putTree: LockStore['putTree'] = async (repository, tree, relocks, known) => {
    const sks = sortKeysOf(tree);
    const commit = { Item: { ...keyOf(repository, sks.commit), relocks }, ConditionExpression: 'attribute_not_exists(pk)' };
    // An old commit that is deployed again does not become the last one with its tree.
    const isLast = known.ofTree === undefined || (known.ofCommit === undefined && known.ofTree !== relocks);
    const puts = [
      ...(known.ofCommit === undefined ? [commit] : []),
      ...(isLast ? [{ Item: { ...keyOf(repository, sks.tree), relocks } }] : []),
      ...(known.head === tree.tree ? [] : [{ Item: { ...keyOf(repository, sks.head), tree: tree.tree } }]),
    ].map((put) => ({ Put: { TableName: table, ...put } }));
    if (puts.length === 0) return relocks;
    const failed = await transactWrite(client, puts);
    if (failed.size === 0) return relocks;
    const ofCommit = relocksIn(await get(repository, sks.commit)) ?? relocks;
    return await putTree(repository, tree, ofCommit, { ...known, ofCommit });
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
      for (;;) {
        const counted = relocksIn(await get(repository, RELOCKS)) ?? 0;
        const stored = { ...lock, relock: counted + 1 };
        const count = {
          Item: { ...keyOf(repository, RELOCKS), relocks: stored.relock },
          ConditionExpression: UNCHANGED,
          ExpressionAttributeValues: { ':counted': counted },
        };
        const current = {
          Item: { ...keyOf(repository, `lock#${lock.reference}`), ...stored },
          ConditionExpression: 'generation = :replaced',
          ExpressionAttributeValues: { ':replaced': replaced.generation },
        };
        const puts = [current, { Item: earlier }, count];
        const failed = await transactWrite(
          client,
          puts.map((put) => ({ Put: { TableName: table, ...put } })),
        );
        if (failed.size === 0) return stored;
        if (failed.has(puts.indexOf(current))) return undefined;
        // Another reference was relocked in between, and took that number.
      }
    },

    async generation(repository, reference, generation, signal) {
      const item = await get(repository, `generation#${reference}#${generation}`, signal);
      return item === undefined ? undefined : StoredLock.parse(item);
    },

    async readTree(repository, tree, signal) {
      const sks = { ...sortKeysOf(tree), relocks: RELOCKS };
      const keys = Object.values(sks).map((sk) => keyOf(repository, sk));
      const { items, unprocessed } = await batchGetItems(client, table, keys, { consistent: true }, signal);
      if (unprocessed > 0) throw unprocessedKeys(table, unprocessed);
      const bySk = new Map(items.map((item) => [item.sk, item]));
      const counted = bySk.get(sks.relocks);
      const [ofCommit, ofTree, head] = [relocksIn(bySk.get(sks.commit)), relocksIn(bySk.get(sks.tree)), bySk.get(sks.head)];
      return {
        locks: await currentLocks(repository, counted, signal),
        relocks: relocksIn(counted) ?? 0,
        ...(ofCommit === undefined ? {} : { ofCommit }),
        ...(ofTree === undefined ? {} : { ofTree }),
        ...(head === undefined ? {} : { head: Head.parse(head).tree }),
      };
    },

    putTree,
  };
}

function sortKeysOf({ reference, path, revision, tree }: RenderedTree) {
  return { commit: `commit#${revision}#${path}`, tree: `tree#${path}#${tree}`, head: `head#${reference} ${path}` };
}

function relocksIn(item: Item | undefined): number | undefined {
  return item === undefined ? undefined : Relocks.parse(item).relocks;
}
