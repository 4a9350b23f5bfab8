import { z } from 'zod';
import { parseDuration } from '../fleet/duration.ts';

export const PRUNE_KEYS = {
  delay: {
    schema: z
      .string()
      .regex(/^(\d{1,8}[smhd])+$/)
      .refine((text) => parseDuration(text) !== undefined),
    meaning: 'How long an object has to be absent from Git before it is deleted, and at least two runs. Default: 10m.',
    accepted: 'a duration such as 0s, 90s, 10m or 2h, a year at most',
  },
  limit: {
    schema: z.int().min(0).max(100),
    meaning: 'How many percent of the objects may be deleted at once; five always may. Default: 20.',
    accepted: 'a whole number from 0 to 100',
  },
  expect: {
    schema: z.int().min(1).max(1_000_000),
    meaning:
      'That exactly this many objects are to be deleted, though they are over the limit or the row’s path changed. It holds once: change or remove it afterwards.',
    accepted: 'the number of objects that are to be deleted, a whole number of at least 1',
  },
} as const;

export const PruneSettings = z
  .strictObject({
    delay: PRUNE_KEYS.delay.schema.describe(PRUNE_KEYS.delay.meaning).exactOptional(),
    limit: PRUNE_KEYS.limit.schema.describe(PRUNE_KEYS.limit.meaning).exactOptional(),
    expect: PRUNE_KEYS.expect.schema.describe(PRUNE_KEYS.expect.meaning).exactOptional(),
  })
  .describe('What becomes of objects that are no longer in Git.');

export type PruneSettings = Readonly<z.infer<typeof PruneSettings>>;
