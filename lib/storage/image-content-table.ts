import { type DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { z } from 'zod';
import { batchGetItems } from './batch-get.ts';
import type { ImageContentStore, StoredImage } from './stores.ts';

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
      const keys = [...new Set(digests)].map(keyOf);
      // What is left over is read from its registry again, which costs a call and no truth.
      const { items } = await batchGetItems(client, table, keys, { consistent: false }, signal);
      return new Map(items.map((item) => Stored.parse(item)).map((image) => [image.digest, image]));
    },

    async put(images) {
      for (const image of images) await client.send(new PutCommand({ TableName: table, Item: { ...keyOf(image.digest), ...image } }));
    },
  };
}
