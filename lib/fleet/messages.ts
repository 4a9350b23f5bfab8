import { z } from 'zod';

/** One repository to poll: every row that follows it is served by one `ls-remote`. */
export const SourceMessage = z.object({ repository: z.string().min(1), credentialsSecret: z.string().min(1).optional() });
export type SourceMessage = Readonly<z.infer<typeof SourceMessage>>;

/** One cluster to reconcile. No desired state travels in it: that is read at the start of the run. */
export const ClusterMessage = z.object({ cluster: z.string().min(1), reason: z.enum(['tick', 'artifact']) });
export type ClusterMessage = Readonly<z.infer<typeof ClusterMessage>>;
