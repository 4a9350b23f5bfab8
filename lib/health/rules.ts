import { parseDuration } from '../fleet/duration.ts';
import { groupOf } from '../manifests/object.ts';
import { type HealthExpression, parseExpression } from './expression.ts';

const DEFAULT_DEADLINE_SECONDS = 600;

/** What `plumbline.yaml` says of a kind: its texts parse, since the settings would have been refused else. */
export interface ExpressionSettings {
  readonly apiVersion: string;
  readonly kind: string;
  readonly current: string;
  readonly inProgress?: string;
  readonly failed?: string;
}

export interface KindExpressions {
  readonly current: HealthExpression;
  readonly inProgress?: HealthExpression;
  readonly failed?: HealthExpression;
}

/** `group/Kind` → its expressions. Versions do not count: they are forms of one object. */
export type HealthRules = ReadonlyMap<string, KindExpressions>;

/** The section `health` of `plumbline.yaml`, as `parseSettings` has read it. */
export interface HealthSettings {
  readonly deadline?: string;
  readonly expressions?: readonly ExpressionSettings[];
}

export interface HealthPolicy {
  readonly rules: HealthRules;
  /** How long what was written may take to become healthy. */
  readonly deadlineSeconds: number;
}

/** What the settings of a path say about health; without any, the rules that are built in and ten minutes. */
export function healthPolicy({ deadline, expressions = [] }: HealthSettings = {}): HealthPolicy {
  return {
    rules: new Map(
      expressions.map(({ apiVersion, kind, current, inProgress, failed }) => [
        `${groupOf(apiVersion)}/${kind}`,
        {
          current: parsed(current),
          ...(inProgress === undefined ? {} : { inProgress: parsed(inProgress) }),
          ...(failed === undefined ? {} : { failed: parsed(failed) }),
        },
      ]),
    ),
    deadlineSeconds: (deadline === undefined ? undefined : parseDuration(deadline)) ?? DEFAULT_DEADLINE_SECONDS,
  };
}

function parsed(text: string): HealthExpression {
  const expression = parseExpression(text);
  if ('problem' in expression) throw new TypeError(`health expression ${JSON.stringify(text.slice(0, 80))}: ${expression.problem}`);
  return expression;
}
