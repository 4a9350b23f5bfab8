import { Cron } from 'croner';
import { z } from 'zod';
import { parseDuration } from '../fleet/duration.ts';
import { SELECTOR_KEYS, SELECTOR_WORDS } from './selector.ts';

const Duration = z
  .string()
  .regex(/^(\d{1,8}[smhd])+$/)
  .refine((text) => parseDuration(text) !== undefined);

const PolicyRule = z.strictObject({
  ...SELECTOR_KEYS,
  mode: z.enum(['observe', 'enforce']).exactOptional(),
  grace: Duration.exactOptional(),
});

const PolicyWindow = z.strictObject({
  kind: z.enum(['allow', 'deny']),
  schedule: z
    .string()
    .regex(/^\S+( +\S+){4}$/)
    .max(200)
    .refine(isCron),
  duration: Duration.refine((text) => parseDuration(text) !== 0),
  timeZone: z.string().max(64).refine(isTimeZone).exactOptional(),
  applies: z
    .array(z.enum(['drift', 'rollout']))
    .min(1)
    .max(2)
    .exactOptional(),
});

/** Keys whose values are lists of rules: the first words of an error are the place, the rest is what is accepted of the whole. */
export const POLICY_KEYS = {
  policy: {
    schema: z.array(PolicyRule).max(200),
    meaning: `What is done about single objects; the first rule that fits an object holds for it. ${SELECTOR_WORDS}; mode observe (an object that is never written) or enforce (an exception from a later rule; never more than the row allows); grace, how long a drift of it stays.`,
    accepted: `a list of at most 200 maps with ${SELECTOR_WORDS}, mode (observe or enforce) and grace (a duration such as 10m)`,
  },
  windows: {
    schema: z.array(PolicyWindow).max(50),
    meaning:
      'When the cluster may be written: outside every deny window and, where there are allow windows, inside one. kind, schedule (cron, five fields), duration, timeZone (default: UTC), and applies, to drift, rollout or, by default, both.',
    accepted:
      'a list of at most 50 maps with kind (allow or deny), schedule (a cron expression of five fields such as 0 18 * * 5), duration (such as 62h), timeZone (such as Europe/Berlin) and applies (a list of drift and rollout)',
  },
} as const;

function isCron(schedule: string): boolean {
  try {
    return new Cron(schedule, { mode: '5-part' }).nextRun() !== null;
  } catch {
    return false;
  }
}

function isTimeZone(timeZone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
