import { type DynamoDBDocumentClient, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { z } from 'zod';
import type { TagHistoryStore, TagSighting } from './stores.ts';

const Sighting = z.object({ digest: z.string(), seenAt: z.string() });

/** Audits that ran at once may each have kept the same digest. */
const LOOKED_BACK = 10;
/** Queries in flight at once. */
const CONCURRENCY = 16;

/** Which digest a tag named when, in the `state` table: PK `tag#REFERENCE`, SK `digest#SEENAT`. */
export function createTagHistoryStore(client: DynamoDBDocumentClient, table: string): TagHistoryStore {
  async function lastOf(reference: string): Promise<(TagSighting & { readonly previous?: TagSighting }) | undefined> {
    const { Items } = await client.send(
      new QueryCommand({
        TableName: table,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: { ':pk': `tag#${reference}`, ':prefix': 'digest#' },
        ScanIndexForward: false,
        Limit: LOOKED_BACK,
      }),
    );
    const [last, ...earlier] = z.array(Sighting).parse(Items ?? []);
    if (last === undefined) return undefined;
    const previous = earlier.find(({ digest }) => digest !== last.digest);
    return { ...last, ...(previous === undefined ? {} : { previous }) };
  }

  return {
    async last(references) {
      const seen = new Map<string, TagSighting & { readonly previous?: TagSighting }>();
      const unique = [...new Set(references)];
      for (let start = 0; start < unique.length; start += CONCURRENCY) {
        const found = await Promise.all(
          unique.slice(start, start + CONCURRENCY).map(async (reference) => ({ reference, last: await lastOf(reference) })),
        );
        for (const { reference, last } of found) if (last !== undefined) seen.set(reference, last);
      }
      return seen;
    },

    async append(reference, digest, seenAt) {
      const key = { pk: `tag#${reference}`, sk: `digest#${seenAt}` };
      await client.send(new PutCommand({ TableName: table, Item: { ...key, digest, seenAt } }));
    },
  };
}
