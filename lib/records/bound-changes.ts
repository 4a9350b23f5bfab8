import { type JsonValue, stringifyJson } from '../manifests/json.ts';
import type { FieldChange } from './record.ts';

/** One value; a whole list of containers fits, a ConfigMap that holds a file does not. */
const MAX_VALUE_BYTES = 16 * 1024;

/** All changes of a record: an item holds 400 KB, a log line 256 KB. */
const MAX_CHANGES_BYTES = 160 * 1024;

/** The changes of a record, cut to what an item of the table and a line of the log can hold; what is left out is said. */
export function boundChanges(changes: readonly FieldChange[]): readonly FieldChange[] {
  const kept: FieldChange[] = [];
  let bytes = 0;
  for (const change of changes) {
    const bounded = {
      path: change.path,
      ...(change.desired === undefined ? {} : { desired: boundValue(change.desired) }),
      ...(change.live === undefined ? {} : { live: boundValue(change.live) }),
    };
    bytes += Buffer.byteLength(stringifyJson(bounded));
    if (bytes > MAX_CHANGES_BYTES) return [...kept, { path: `(${changes.length - kept.length} more paths, left out for their size)` }];
    kept.push(bounded);
  }
  return kept;
}

function boundValue(value: JsonValue): JsonValue {
  const bytes = Buffer.byteLength(stringifyJson(value));
  return bytes <= MAX_VALUE_BYTES ? value : `(${bytes} bytes, left out for their size)`;
}
