import { isDeepStrictEqual } from 'node:util';
import type { Failure } from '../../errors.ts';
import type { ApiError } from '../../kubernetes/api-error.ts';
import { describeObject, type KubernetesObject, type ObjectId } from '../../manifests/object.ts';
import type { Difference } from '../diff.ts';
import { formatPath, type Path, valueAt } from '../path.ts';

/** The class of a drift that cannot be undone: a volume that was grown, a number that only rises. */
export const IRREVERSIBLE = 'irreversible';

/** `spec.resources.requests.storage`; what has brackets in it could be meant in more than one way. */
const PLAIN_PATH = /^[A-Za-z][\w-]*(\.[A-Za-z][\w-]*)*$/;

/**
 * The fields over which alone the server refuses an object, as differences from the live one. Undefined where it does not say, or where it is
 * not a matter of single fields.
 */
export function refusedFields(
  { status, causes }: Pick<ApiError, 'status' | 'causes'>,
  desired: KubernetesObject,
  live: KubernetesObject,
): readonly Difference[] | undefined {
  if (status !== 422 || causes.length === 0) return undefined;
  const differences: Difference[] = [];
  for (const { field = '' } of causes) {
    if (!PLAIN_PATH.test(field)) return undefined;
    const path: Path = field.split('.').map((name) => ({ field: name }));
    const [ours, theirs] = [valueAt(desired, path), valueAt(live, path)];
    if (ours === undefined || theirs === undefined || isDeepStrictEqual(ours, theirs)) return undefined;
    differences.push({ path, shape: 'changed', desired: ours, live: theirs });
  }
  return differences;
}

/** What a record says of it. */
export function describeIrreversible(id: ObjectId, differences: readonly Difference[]): Failure {
  const fields = [...new Set(differences.map(({ path }) => formatPath(path)))].join(', ');
  return {
    reason: 'Irreversible',
    message: `${describeObject(id)}: the server does not let ${fields} go back to what Git says. It stays as it is, and the rest is corrected. Say the live value in Git, or replace the object by hand.`,
  };
}
