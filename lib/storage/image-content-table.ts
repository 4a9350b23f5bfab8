import { BatchGetCommand, type DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { z } from 'zod';
import { sendOptions } from './document-client.ts';
import type { ImageContentStore, StoredImage } from './stores.ts';

/** The limit of BatchGetItem. */
const BATCH = 100;
const MAX_TRIES = 8;

const Platform = z.object({ os: z.string(), architecture: z.string(), variant: z.string().exactOptional() });
const Stored = z.object({
  digest: z.string(),
  mediaType: z.string(),
  platforms: z.array(Platform),
  children: z.array(z.object({ digest: z.string(), platform: Platform.exactOptional() })),
  config: z.string().exactOptional(),
  platform: Platform.exactOptional(),
  build: z.object({ revision: z.string().exactOptional(), mutableSteps: z.array(z.string()) }).exactOptional(),
} satisfies Record<keyof StoredImage, z.ZodType>);

/** What images are made of, in the `state` table: PK `image#DIGEST`, SK `content`. */
export function createImageContentStore(client: DynamoDBDocumentClient, table: string): ImageContentStore {
  const keyOf = (digest: string) => ({ pk: `image#${digest}`, sk: 'content' });
  return {
    async get(digests, signal) {
      const images = new Map<string, StoredImage>();
      const unique = [...new Set(digests)];
      for (let start = 0; start < unique.length; start += BATCH) {
        let keys: Record<string, unknown>[] = unique.slice(start, start + BATCH).map(keyOf);
        // What is left over is read again anyway: a content that is not found is only fetched once more.
        for (let tries = 0; keys.length > 0 && tries < MAX_TRIES; tries += 1) {
          const answer = await client.send(new BatchGetCommand({ RequestItems: { [table]: { Keys: keys } } }), sendOptions(signal));
          for (const item of answer.Responses?.[table] ?? []) {
            const image = Stored.parse(item);
            images.set(image.digest, image);
          }
          keys = answer.UnprocessedKeys?.[table]?.Keys ?? [];
        }
      }
      return images;
    },

    async put(images) {
      for (const image of images) await client.send(new PutCommand({ TableName: table, Item: { ...keyOf(image.digest), ...image } }));
    },
  };
}
