import { z } from 'zod';

/** The keys by which a rule says which objects it is about; the rule's own keys stand beside them. */
export const SELECTOR_KEYS = {
  kind: z
    .string()
    .regex(/^[A-Za-z][\w-]*(\.[a-z0-9.-]+)?$/)
    .max(317)
    .exactOptional(),
  name: z.string().min(1).max(253).exactOptional(),
  namespace: z.string().min(1).max(63).exactOptional(),
  labels: z.record(z.string().min(1).max(317), z.string().max(63)).exactOptional(),
} as const;

/** What they are, in words. */
export const SELECTOR_WORDS =
  'kind (Deployment, or Deployment.apps with its group), name and namespace (* at the end stands for any rest) and labels, all of them optional';
