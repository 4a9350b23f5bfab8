import { groupOf, objectKey } from '../manifests/object.ts';
import type { ObjectRecord } from './record.ts';

/**
 * What makes two sightings the same record while it is open: the kind of record, the object (in any version of its API) and the class.
 * `drift#apps/Deployment/shop/web#value`. An image record is of one reference, whichever objects use it: `image#REGISTRY/web:1.4#tag.moved`.
 */
export function identityOf(record: Pick<ObjectRecord, 'kind' | 'object' | 'class' | 'changes'>): string {
  const { apiVersion, kind, namespace, name } = record.object;
  const [first] = record.changes;
  if (record.kind === 'image' && first !== undefined) return `image#${first.path}#${record.class}`;
  return `${record.kind}#${objectKey({ group: groupOf(apiVersion), kind, namespace, name })}#${record.class}`;
}
