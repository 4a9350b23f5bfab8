import { TypeError as CelTypeError, Environment, EvaluationError, ParseError, type ParseResult } from '@marcbachmann/cel-js';
import { isJsonArray, isJsonObject } from '../manifests/json.ts';
import type { KubernetesObject } from '../manifests/object.ts';
import { maskSecrets } from '../manifests/secrets.ts';
import { costOf, type Extent, unboundedCall } from './expression-cost.ts';

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
    const context = celValue(maskSecrets({ ...object, metadata }), { length: 1, weight: 0 });
    const steps = costOf(parsed.ast, context.extent);
    if (steps > MAX_STEPS)
      return { problem: `it may take ${steps} steps on this object, more than ${MAX_STEPS}: go through fewer or shorter lists` };
    const holds: unknown = parsed(isJsonObject(context.value) ? context.value : {});
    return typeof holds === 'boolean' ? { holds } : { problem: 'it is neither true nor false of this object' };
  } catch (error) {
    return { problem: describeError(error, text) };
  }
}

/** As Kubernetes gives an object to CEL: whole numbers are integers. Also measures it. */
function celValue(value: unknown, extent: Extent): { readonly value: unknown; readonly extent: Extent } {
  const weight = extent.weight + (typeof value === 'string' ? value.length + 1 : 1);
  if (typeof value === 'number' && Number.isSafeInteger(value)) return { value: BigInt(value), extent: { ...extent, weight } };
  if (!isJsonArray(value) && !isJsonObject(value)) return { value, extent: { ...extent, weight } };
  const entries = Object.entries(value);
  let inner: Extent = { length: Math.max(extent.length, entries.length), weight };
  const converted = entries.map(([key, item]) => {
    const one = celValue(item, inner);
    inner = { ...one.extent, weight: one.extent.weight + (isJsonArray(value) ? 0 : key.length) };
    return [key, one.value] as const;
  });
  return { value: isJsonArray(value) ? converted.map(([, item]) => item) : Object.fromEntries(converted), extent: inner };
}

function describeError(error: unknown, text: string): string {
  if (error instanceof ParseError || error instanceof CelTypeError || error instanceof EvaluationError)
    return at(error.summary, error.range?.start, text);
  return error instanceof Error ? error.message : String(error);
}

function at(problem: string, start: number | undefined, text: string): string {
  return start === undefined ? problem : `${problem}, at character ${Math.min(start, text.length) + 1}`;
}
