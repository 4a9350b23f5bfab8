import { z } from 'zod';
import { parseDuration } from '../fleet/duration.ts';
import { MAX_EXPRESSION_LENGTH, parseExpression } from '../health/expression.ts';
import { groupOf } from '../manifests/object.ts';

const MIN_SECONDS = 60;
const MAX_SECONDS = 86_400;

/** An issue whose own words say more than what is accepted of its key. */
function issue(input: unknown, problem: string, path: readonly (string | number)[] = []): z.core.$ZodRawIssue {
  return { code: 'custom', input, path: [...path], params: { problem } };
}

const EXPRESSION = z
  .string()
  .min(1)
  .max(MAX_EXPRESSION_LENGTH)
  .check(({ value, issues }) => {
    const parsed = parseExpression(value);
    if ('problem' in parsed)
      issues.push(issue(value, `the expression ${JSON.stringify(value.slice(0, 200))} cannot be used: ${parsed.problem}`));
  });

const KIND_HEALTH = z.strictObject({
  apiVersion: z
    .string()
    .regex(/^[a-z0-9][-a-z0-9.]*(\/[a-z0-9]+)?$/)
    .max(317),
  kind: z
    .string()
    .regex(/^[A-Z][A-Za-z0-9]*$/)
    .max(63),
  current: EXPRESSION,
  inProgress: EXPRESSION.exactOptional(),
  failed: EXPRESSION.exactOptional(),
});

const EXPRESSIONS = z
  .array(KIND_HEALTH)
  .max(100)
  .check(({ value, issues }) => {
    const seen = new Set<string>();
    for (const [index, { apiVersion, kind }] of value.entries()) {
      const id = `${groupOf(apiVersion)}/${kind}`;
      if (seen.has(id))
        issues.push(issue(value, `${kind} of the group ${groupOf(apiVersion) || 'core'} is there twice; keep one`, [index]));
      seen.add(id);
    }
  });

/** Each key under `health`, with what it means and what is accepted of it. */
export const HEALTH_KEYS = {
  deadline: {
    schema: z
      .string()
      .regex(/^(\d{1,8}[smhd])+$/)
      .refine((text) => {
        const seconds = parseDuration(text);
        return seconds !== undefined && seconds >= MIN_SECONDS && seconds <= MAX_SECONDS;
      }),
    meaning: 'How long a rollout or a correction may take to become healthy before its record says that it timed out. Default: 10m.',
    accepted: 'a duration from 1m to 1d, such as 10m or 1h30m',
  },
  expressions: {
    schema: EXPRESSIONS,
    meaning:
      'How the health of a kind is told: apiVersion, kind, and expressions of CEL over the object, inProgress and failed (optional) and current. The first that holds in this order decides; where none does, the object is in progress.',
    accepted:
      'a list of at most 100 maps with apiVersion, kind, current and, optionally, inProgress and failed, which are expressions of CEL',
  },
} as const;

export const HealthSettings = z
  .strictObject({
    deadline: HEALTH_KEYS.deadline.schema.describe(HEALTH_KEYS.deadline.meaning).exactOptional(),
    expressions: HEALTH_KEYS.expressions.schema.describe(HEALTH_KEYS.expressions.meaning).exactOptional(),
  })
  .describe('How the health of what was written is told.');
