import type { Failure } from '../errors.ts';
import { isJsonArray, isJsonObject, type JsonValue } from '../manifests/json.ts';
import { isHiddenPath, isLastApplied, MASKED } from '../manifests/secrets.ts';
import type { Fact } from './fact.ts';
import type { FieldChange, RecordHealth, RecordObject } from './record.ts';

/** Longer texts are cut: a message is for people, and a hostile server may send megabytes. */
const MAX_MESSAGE_LENGTH = 4096;

/** Deeper than any schema; what is below is hidden. */
const MAX_DEPTH = 64;

/** Credentials that have a recognisable form, wherever they stand in a text. */
const CREDENTIALS: readonly RegExp[] = [
  /k8s-aws-v1\.[\w-]+/g,
  /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g,
  /\b(?:bearer|basic)\s+[\w+/=.~-]{16,}/gi,
  /\b(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,})/g,
  /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g,
  /\bX-Amz-(?:Signature|Security-Token|Credential)=[^&\s"']+/gi,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /(?<=:\/\/)[^/\s@"']+(?=@)/g,
];

/** A text without the credentials in it, cut to a length that a log line can carry. */
export function redactText(text: string): string {
  const bounded = text.length <= MAX_MESSAGE_LENGTH ? text : `${text.slice(0, MAX_MESSAGE_LENGTH)}… (${text.length} characters)`;
  return redactCredentials(bounded);
}

export function redactFailure({ reason, message }: Failure): Failure {
  return { reason, message: redactText(message) };
}

/** The last line of defence before a fact is stored, logged and counted: whatever an earlier stage let through ends here. */
export function redactFact(fact: Fact): Fact {
  return {
    ...fact,
    changes: fact.changes.map((change) => redactChange(fact.object, change)),
    ...(fact.error === undefined ? {} : { error: redactFailure(fact.error) }),
    ...(fact.health === undefined ? {} : { health: redactHealth(fact.health) }),
  };
}

function redactHealth({ message, ...health }: RecordHealth): RecordHealth {
  return { ...health, ...(message === undefined ? {} : { message: redactText(message) }) };
}

function redactChange(object: RecordObject, change: FieldChange): FieldChange {
  const hidden = isHiddenPath(object, change.path);
  const side = (value: JsonValue) => (hidden ? MASKED : redactValue(value, 0));
  return {
    path: change.path,
    ...(change.desired === undefined ? {} : { desired: side(change.desired) }),
    ...(change.live === undefined ? {} : { live: side(change.live) }),
  };
}

function redactValue(value: JsonValue, depth: number): JsonValue {
  if (typeof value === 'string') return redactCredentials(value);
  if (depth > MAX_DEPTH) return MASKED;
  if (isJsonArray(value)) return value.map((item) => redactValue(item, depth + 1));
  if (!isJsonObject(value)) return value;
  const fields = Object.entries(value).flatMap(([key, field]) =>
    field === undefined ? [] : [[key, isLastApplied(key) ? MASKED : redactValue(field, depth + 1)] as const],
  );
  return Object.fromEntries(fields);
}

function redactCredentials(text: string): string {
  return CREDENTIALS.reduce((redacted, pattern) => redacted.replace(pattern, MASKED), text);
}
