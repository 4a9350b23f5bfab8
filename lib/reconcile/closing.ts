import { groupOf, objectKey } from '../manifests/object.ts';
import { HEALTH, type ObjectRecord } from '../records/record.ts';
import type { AppliedItem } from './apply.ts';
import { desiredKeys, type Removed } from './prune/index.ts';
import type { DesiredState } from './target.ts';

/** Classes that say why a run could not do its work on an object: over as soon as a run does not say so any more. */
const PROBLEMS: ReadonlySet<string> = new Set([
  HEALTH,
  'image',
  'immutable',
  'manifest',
  'owner',
  'prerequisite',
  'terminating',
  'unknown-kind',
  'unverifiable',
]);

const COMPARED: ReadonlySet<string> = new Set(['present', 'absent', 'finished']);

/** The objects of which a run knows how they are. */
export function comparedKeys(applied: readonly AppliedItem[]): ReadonlySet<string> {
  return new Set(applied.filter(({ comparison }) => COMPARED.has(comparison.state)).map(({ target }) => target.key));
}

/** Which open records a run can declare over when it has no fact of them: only what it has compared, or knows to be gone. */
export function closesOf(applied: readonly AppliedItem[], desired: DesiredState, removed: Removed): (open: ObjectRecord) => boolean {
  const keys = desiredKeys(desired);
  const compared = comparedKeys(applied);
  return ({ kind, class: recordClass, object }) => {
    if (kind !== 'drift' && kind !== 'rollout' && kind !== 'prune') return false;
    if (PROBLEMS.has(recordClass)) return true;
    const key = objectKey({ group: groupOf(object.apiVersion), kind: object.kind, namespace: object.namespace, name: object.name });
    return compared.has(key) || (removed.known && !keys.has(key) && !removed.unknown.has(key));
  };
}
