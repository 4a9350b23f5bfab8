import type { KubernetesObject, ManagedFieldsEntry } from '../manifests/object.ts';
import type { Actor } from '../records/record.ts';
import type { Difference } from './diff.ts';
import { holdsAround, holdsPath, isApplyOf } from './managed-fields.ts';

/** Nothing is left to tell who it was; only an audit log could. */
export const UNKNOWN_ACTOR: Actor = { manager: 'unknown' };

/**
 * Who made these differences, as far as managed fields tell: one manager, named only when each of the differences is its own or another
 * known one's (then the latest). A removed field has no owner left, and a changed order never had one.
 */
export function actorOf(live: KubernetesObject, differences: readonly Pick<Difference, 'path' | 'shape'>[], fieldManager: string): Actor {
  const owners = differences.map((difference) => ownerOf(live, difference, fieldManager));
  const known = owners.filter((owner) => owner !== undefined);
  const latest = latestOf(known);
  return latest === undefined || known.length < owners.length ? UNKNOWN_ACTOR : asActor(latest);
}

export function asActor({ manager, operation, time }: ManagedFieldsEntry): Actor {
  return {
    manager: manager ?? 'unknown',
    ...(operation === undefined ? {} : { operation }),
    ...(time === undefined ? {} : { at: time }),
  };
}

export function latestOf(entries: readonly ManagedFieldsEntry[]): ManagedFieldsEntry | undefined {
  return entries.toSorted((a, b) => (b.time ?? '').localeCompare(a.time ?? ''))[0];
}

/** Whether anybody but us owns what is at a path of the live object. */
export function ownerOf(
  live: KubernetesObject,
  { path, shape }: Pick<Difference, 'path' | 'shape'>,
  fieldManager: string,
): ManagedFieldsEntry | undefined {
  if (shape === 'reordered') return undefined;
  const holds = shape === 'removed' ? holdsAround : holdsPath;
  const owners = (live.metadata.managedFields ?? []).filter(
    (entry) =>
      entry.subresource !== 'status' &&
      entry.manager !== undefined &&
      entry.fieldsV1 !== undefined &&
      !isApplyOf(entry, fieldManager) &&
      holds(entry.fieldsV1, path),
  );
  return latestOf(owners);
}
