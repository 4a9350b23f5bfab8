import { z } from 'zod';

/** What the process is to reconcile. */
export const ProcessInput = z.object({
  endpoint: z.string(),
  certificateAuthority: z.string(),
  token: z.string(),
  namespace: z.string(),
  objects: z.number(),
});

/** What the process tells. */
export const ProcessReport = z.discriminatedUnion('type', [
  z.object({ type: z.literal('writing') }),
  z.object({
    type: z.literal('ended'),
    /** Begun, at the API server. */
    writes: z.number(),
    runs: z.array(z.unknown()).readonly(),
    /** Objects whose records say that they were applied. */
    applied: z.number(),
  }),
]);
export type ProcessReport = z.infer<typeof ProcessReport>;
