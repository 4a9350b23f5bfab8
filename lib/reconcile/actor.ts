import type { KubernetesObject, ManagedFieldsEntry } from '../manifests/object.ts';
import type { Actor } from '../records/record.ts';
import type { Difference } from './diff.ts';
import { holdsAround, holdsPath, isApplyOf } from './managed-fields.ts';

/** Nothing is left to tell who it was; only an audit log could. */
export const UNKNOWN_ACTOR: Actor = { manager: 'unknown' };

/**
 * Who made these differences, as far as managed fields tell. Somebody is named only when each of the differences has an owner: a removed
 * field has none left, and a changed order never had one.
 */
export function actorOf(live: KubernetesObject, differences: readonly Pick<Difference, 'path' | 'shape'>[], fieldManager: string): Actor {
  const owners = differences.map((difference) => ownerOf(live, difference, fieldManager));
  const known = owners.filter((owner) => owner !== undefined);
  return known.length < owners.length ? UNKNOWN_ACTOR : actorOfEntries(known);
}

/** Who made an object, as far as managed fields tell: everybody who has written it, but for us. */
export function makerOf({ metadata: { managedFields = [] } }: KubernetesObject, fieldManager: string): Actor {
  return actorOfEntries(managedFields.filter((entry) => (entry.subresource ?? '') === '' && !isApplyOf(entry, fieldManager)));
}

/** The managers of some entries as one actor: their names, the latest first, and when the latest wrote. */
export function actorOfEntries(entries: readonly ManagedFieldsEntry[]): Actor {
  const latestFirst = newestFirst(entries);
  const managers = new Set(latestFirst.map(({ manager }) => manager ?? UNKNOWN_ACTOR.manager));
  const [latest] = latestFirst;
  if (latest === undefined) return UNKNOWN_ACTOR;
  return {
    manager: [...managers].join(', '),
    ...(latest.operation === undefined ? {} : { operation: latest.operation }),
    ...(latest.time === undefined ? {} : { at: latest.time }),
  };
}

/** Times have whole seconds: of the same second the name decides, so that the answer is the same each time. */
function newestFirst(entries: readonly ManagedFieldsEntry[]): readonly ManagedFieldsEntry[] {
  const time = (entry: ManagedFieldsEntry) => entry.time ?? '';
  return entries.toSorted((a, b) => time(b).localeCompare(time(a)) || (a.manager ?? '').localeCompare(b.manager ?? ''));
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
  return newestFirst(owners)[0];
}
