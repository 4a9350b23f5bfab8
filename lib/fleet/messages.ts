import { z } from 'zod';

/** One repository to poll: every row that follows it is served by one `ls-remote`. */
export const SourceMessage = z.object({ repository: z.string().min(1), credentialsSecret: z.string().min(1).optional() });
export type SourceMessage = Readonly<z.infer<typeof SourceMessage>>;

/**
 * One cluster to reconcile. No desired state travels in it: that is read at the start of the run. `attempt` counts those that found another
 * run at the cluster; absent of the first.
 */
export const ClusterMessage = z.object({
  cluster: z.string().min(1),
  reason: z.enum(['tick', 'artifact']),
  attempt: z.number().int().min(2).exactOptional(),
});
export type ClusterMessage = Readonly<z.infer<typeof ClusterMessage>>;
