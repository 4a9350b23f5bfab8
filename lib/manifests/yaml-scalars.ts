/** What a plain scalar means. Infinity and NaN are numbers here; JSON has none, so the reader refuses them. */
export type ScalarValue = string | number | bigint | boolean | null;

const WORDS: ReadonlyMap<string, ScalarValue> = new Map<string, ScalarValue>([
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map((word) => [word, true] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map((word) => [word, false] as const),
  ...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, null] as const),
  ...['.nan', '.NaN', '.NAN'].map((word) => [word, Number.NaN] as const),
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map((word) => [word, Number.POSITIVE_INFINITY] as const),
  ...['-.inf', '-.Inf', '-.INF'].map((word) => [word, Number.NEGATIVE_INFINITY] as const),
]);

const INTEGER = /^([-+]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)$/;
const FLOAT = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/;
const SMALLEST = -(2n ** 63n);
const LARGEST = 2n ** 64n - 1n;

/**
 * Resolves a plain (unquoted) scalar as kubectl does, which reads YAML 1.1 with a few changes: `yes`, `on` and `y` are booleans, `0644` and
 * `0o644` are octal, `1_000` is 1000, while dates and sexagesimal numbers (`1:30`) stay strings.
 */
export function resolveScalar(text: string): ScalarValue {
  const word = WORDS.get(text);
  if (word !== undefined) return word;
  if (!/^[-+.0-9]/.test(text)) return text;
  const plain = text.replaceAll('_', '');
  return resolveInteger(plain) ?? resolveFloat(plain) ?? text;
}

function resolveInteger(text: string): number | bigint | undefined {
  const match = INTEGER.exec(text);
  const digits = match?.[2];
  if (digits === undefined) return undefined;
  const magnitude = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits.toLowerCase());
  const value = match?.[1] === '-' ? -magnitude : magnitude;
  if (value < SMALLEST || value > LARGEST) return undefined;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function resolveFloat(text: string): number | undefined {
  if (!FLOAT.test(text)) return undefined;
  const value = Number(text);
  if (!Number.isFinite(value)) return undefined;
  return value === 0 ? 0 : value;
}
