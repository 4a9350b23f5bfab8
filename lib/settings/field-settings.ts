import { z } from 'zod';

/** Whose fields are whose, in `plumbline.yaml`: what is left alone, which managers are people's tools, and what is taken over by name. */

const PATTERN = z.string().min(1).max(253);
const PATTERNS = z.array(PATTERN).min(1).max(100);
const POINTER = z
  .string()
  .max(1024)
  .regex(/^(\/([^~/]|~[01])+)+$/);

export const MANAGERS_KEYS = {
  people: {
    schema: PATTERNS,
    meaning:
      'Field managers that are tools of people, beside kubectl, Lens (node-fetch), k9s and Rancher: what they put beside our fields is taken back.',
    accepted: 'a list of at most 100 names of field managers; * at the end of one stands for any rest',
  },
  controllers: {
    schema: PATTERNS,
    meaning: 'Field managers that are controllers, beside those of Kubernetes itself: what they put beside our fields is tolerated.',
    accepted: 'a list of at most 100 names of field managers; * at the end of one stands for any rest',
  },
} as const;

export const ManagersSettings = z
  .strictObject({
    people: MANAGERS_KEYS.people.schema.describe(MANAGERS_KEYS.people.meaning).exactOptional(),
    controllers: MANAGERS_KEYS.controllers.schema.describe(MANAGERS_KEYS.controllers.meaning).exactOptional(),
  })
  .describe('What kind of program a field manager is. Those that are in neither list leave open drift.');

const IGNORE_RULE = z
  .strictObject({
    group: z.string().max(253).exactOptional(),
    kind: z.string().min(1).max(63).exactOptional(),
    namespace: PATTERN.exactOptional(),
    name: PATTERN.exactOptional(),
    labels: z.record(z.string().min(1).max(317), z.string().max(63)).exactOptional(),
    pointers: z.array(POINTER).min(1).max(100).exactOptional(),
    managers: PATTERNS.exactOptional(),
  })
  .refine(({ pointers, managers }) => pointers !== undefined || managers !== undefined);

const ADOPTION = z.strictObject({
  group: z.string().max(253).exactOptional(),
  kind: z.string().min(1).max(63),
  namespace: PATTERN.exactOptional(),
  name: PATTERN,
  from: z.enum(['helm', 'argo-cd', 'flux', 'plumbline']),
});

/** The keys that are lists, with what is accepted of each item. */
export const FIELD_LISTS = {
  ignore: {
    schema: z.array(IGNORE_RULE).max(200),
    meaning:
      'Fields that are left as they are in the cluster: of the objects that group, kind, namespace, name (* at the end stands for any rest) and labels name, those at the JSON pointers (* for any field or item, KEY=VALUE for an item), those of the managers, or with both, those at the pointers that the managers own.',
    accepted:
      'a list of at most 200 maps with pointers (JSON pointers such as /spec/replicas), managers, or both, and optionally group, kind, namespace, name and labels',
  },
  adopt: {
    schema: z.array(ADOPTION).max(1000),
    meaning:
      'Objects of another owner that are taken over all the same: kind, name (* at the end stands for any rest), namespace, group, and from, whose they are.',
    accepted: 'a list of at most 1000 maps with kind, name and from (helm, argo-cd, flux or plumbline), and optionally group and namespace',
  },
} as const;

export type IgnoreRule = Readonly<z.infer<typeof IGNORE_RULE>>;
export type Adoption = Readonly<z.infer<typeof ADOPTION>>;
