import type { ObjectId } from '../manifests/object.ts';
import type { Comparison } from './compare.ts';
import { definedKindOf, type Target } from './target.ts';

/** What a server says of an object that does not fit the definition of its kind. */
const MISFITS: ReadonlySet<string> = new Set(['BadRequest', 'Invalid']);

/** Whether the definitions that were written since may let an object be tried that could not be tried before. */
export function isMisfit(comparison: Comparison): boolean {
  return comparison.state === 'unknown' && MISFITS.has(comparison.failure.reason);
}

/** `group/Kind`, as `definedKindOf` has it. */
export function kindOfTarget({ resource }: Pick<Target, 'resource'>): string {
  return `${resource.group}/${resource.kind}`;
}

/**
 * Which objects (by key) do not fit the definition that the cluster has of their kind, while Git has another one, and that definition: what
 * becomes of them is known once it is written. Pure.
 */
export function misfitsOfOldDefinitions(comparisons: readonly Comparison[]): ReadonlyMap<string, ObjectId> {
  const changing = new Map(
    comparisons.flatMap((comparison): readonly (readonly [string, ObjectId])[] => {
      const kind = definedKindOf(comparison.target.object);
      const changes = comparison.state === 'present' && comparison.rollout.length + comparison.drift.length > 0;
      return kind !== undefined && changes ? [[kind, comparison.target.id]] : [];
    }),
  );
  return new Map(
    comparisons.flatMap((comparison): readonly (readonly [string, ObjectId])[] => {
      const definition = changing.get(kindOfTarget(comparison.target));
      return definition !== undefined && isMisfit(comparison) ? [[comparison.target.key, definition]] : [];
    }),
  );
}
