import { z } from 'zod';

/** What a process of ours is told. */
export const OursSettings = z.object({
  endpoint: z.string(),
  certificateAuthority: z.string(),
  adminToken: z.string(),
  /** Path of the desired objects, a `List`. */
  objects: z.string(),
  /** Path of what the last process on this cluster kept. */
  kept: z.string(),
  workload: z.string(),
});
export type OursSettings = Readonly<z.infer<typeof OursSettings>>;
