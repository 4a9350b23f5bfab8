import { z } from 'zod';

/** The stores of a deployment, as the variables of its functions name them. */
export const StoredIn = z.object({
  clustersTable: z.string(),
  stateTable: z.string(),
  recordsTable: z.string(),
  bucket: z.string(),
  artifactKey: z.string(),
  digestKey: z.string(),
});
export type StoredIn = Readonly<z.infer<typeof StoredIn>>;

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
  /** Without it the stores are in memory. */
  storedIn: StoredIn.optional(),
});
export type OursSettings = Readonly<z.infer<typeof OursSettings>>;
