import type { JsonValue } from '../manifests/json.ts';
import { isHiddenPath, MASKED } from '../manifests/secrets.ts';
import type { FieldChange, RecordObject } from '../records/record.ts';
import type { Difference } from './diff.ts';
import { formatPath } from './path.ts';
import type { Target } from './target.ts';

/** Differences as records and plans show them. From here on a Secret's values are gone. */
export function changesOf(differences: readonly Difference[], object: Pick<RecordObject, 'apiVersion' | 'kind'>): readonly FieldChange[] {
  return differences.map((difference) => {
    const path = formatPath(difference.path);
    const hidden = isHiddenPath(object, path);
    const side = (name: 'desired' | 'live', value: JsonValue | undefined) =>
      value === undefined ? {} : { [name]: hidden ? MASKED : value };
    return { path, ...side('desired', difference.desired), ...side('live', difference.live) };
  });
}

export function recordObject({ id, object }: Target, uid?: string): RecordObject {
  const { kind, namespace, name } = id;
  return { apiVersion: object.apiVersion, kind, namespace, name, ...(uid === undefined ? {} : { uid }) };
}
