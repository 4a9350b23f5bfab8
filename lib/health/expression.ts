import { TypeError as CelTypeError, Environment, EvaluationError, ParseError, type ParseResult } from '@marcbachmann/cel-js';
import { isJsonArray, isJsonObject } from '../manifests/json.ts';
import type { KubernetesObject } from '../manifests/object.ts';
import { maskSecrets } from '../manifests/secrets.ts';
import { costOf, unboundedCall } from './expression-cost.ts';
import { oneOf } from './value-shape.ts';

/** An expression of the Common Expression Language that is true or false of an object. */
export interface HealthExpression {
  readonly text: string;
  /** The object's top-level fields are its variables. What it cannot decide of this object is a problem, in words. */
  evaluate(object: KubernetesObject): { readonly holds: boolean } | { readonly problem: string };
}

export const MAX_EXPRESSION_LENGTH = 2000;

/** About a tenth of a second. */
const MAX_STEPS = 1_000_000;

const ENVIRONMENT = new Environment({
  unlistedVariablesAreDyn: true,
  enableOptionalTypes: true,
  limits: { maxAstNodes: 500, maxDepth: 40, maxListElements: 100, maxMapEntries: 100, maxCallArguments: 8 },
});

/**
 * Parses and type-checks an expression, or says what is wrong and at which character (from 1). Functions whose cost cannot be bounded
 * beforehand are refused.
 */
export function parseExpression(text: string): HealthExpression | { readonly problem: string } {
  if (text.length > MAX_EXPRESSION_LENGTH) return { problem: `it has more than ${MAX_EXPRESSION_LENGTH} characters` };
  let parsed: ParseResult;
  try {
    parsed = ENVIRONMENT.parse(text);
  } catch (error) {
    return { problem: describeError(error, text) };
  }
  const call = unboundedCall(parsed.ast);
  if (call !== undefined) return { problem: at(`${call.name}() is not available in health expressions`, call.position, text) };
  const checked = parsed.check();
  if (!checked.valid) return { problem: describeError(checked.error, text) };
  if (checked.type !== 'bool' && checked.type !== 'dyn') return { problem: `it is a ${checked.type}, not true or false` };
  return { text, evaluate: (object) => evaluate(parsed, text, object) };
}

function evaluate(parsed: ParseResult, text: string, object: KubernetesObject): ReturnType<HealthExpression['evaluate']> {
  const { managedFields: _managedFields, ...metadata } = object.metadata;
  try {
    // Errors quote what they stumble over: no value of a Secret may be there to be quoted.
    const weights = new Map<unknown, number>();
    const { value } = celValue(maskSecrets({ ...object, metadata }), weights);
    const context = isJsonObject(value) ? value : {};
    const steps = costOf(parsed.ast, (name) => oneOf(Object.hasOwn(context, name) ? [context[name]] : [], weights));
    if (steps > MAX_STEPS)
      return { problem: `it may take ${steps} steps on this object, more than ${MAX_STEPS}: go through fewer or shorter lists` };
    const holds: unknown = parsed(context);
    return typeof holds === 'boolean' ? { holds } : { problem: 'it is neither true nor false of this object' };
  } catch (error) {
    return { problem: describeError(error, text) };
  }
}

/** As Kubernetes gives an object to CEL: whole numbers are integers. Notes how much is in each map and list. */
function celValue(value: unknown, weights: Map<unknown, number>): { readonly value: unknown; readonly weight: number } {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return { value: BigInt(value), weight: 1 };
  if (!isJsonArray(value) && !isJsonObject(value)) return { value, weight: typeof value === 'string' ? value.length + 1 : 1 };
  let weight = 1;
  const entries = Object.entries(value).map(([key, item]) => {
    const one = celValue(item, weights);
    weight += one.weight + key.length;
    return [key, one.value] as const;
  });
  const converted = isJsonArray(value) ? entries.map(([, item]) => item) : Object.fromEntries(entries);
  weights.set(converted, weight);
  return { value: converted, weight };
}

function describeError(error: unknown, text: string): string {
  if (error instanceof ParseError || error instanceof CelTypeError || error instanceof EvaluationError)
    return at(error.summary, error.range?.start, text);
  return error instanceof Error ? error.message : String(error);
}

function at(problem: string, start: number | undefined, text: string): string {
  return start === undefined ? problem : `${problem}, at character ${Math.min(start, text.length) + 1}`;
}
