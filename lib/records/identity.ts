import { createHash } from 'node:crypto';
import { groupOf, objectKey } from '../manifests/object.ts';
import type { ObjectRecord } from './record.ts';

/** Well under the 1,024 bytes that a sort key may have, and the 2,048 of a partition key. */
const MAX_LENGTH = 800;

/** Characters, of at most four bytes each. */
const SHOWN_LENGTH = 150;

/**
 * What makes two sightings the same record while it is open: the kind of record, the object (in any version of its API) and the class, such
 * as `drift#apps/Deployment/shop/web#value`. An image finding is about a reference, which is the path of its first change, whichever of its
 * objects is named.
 */
export function identityOf(record: Pick<ObjectRecord, 'kind' | 'object' | 'class' | 'changes'>): string {
  const subject = record.kind === 'image' ? (record.changes[0]?.path ?? '') : recordObjectKey(record);
  const identity = `${record.kind}#${subject}#${record.class}`;
  if (Buffer.byteLength(identity) <= MAX_LENGTH) return identity;
  return `${record.kind}#sha256:${createHash('sha256').update(identity).digest('hex')}#${record.class}`;
}

/**
 * `apps/Deployment/shop/web`: the same for every version of the API. The path of a file can be longer than a key may be; then its end is a
 * hash of it.
 */
export function recordObjectKey({ object }: Pick<ObjectRecord, 'object'>): string {
  const key = objectKey({ group: groupOf(object.apiVersion), kind: object.kind, namespace: object.namespace, name: object.name });
  if (Buffer.byteLength(key) <= MAX_LENGTH) return key;
  return `${key.slice(0, SHOWN_LENGTH)}…sha256:${createHash('sha256').update(key).digest('hex')}`;
}
