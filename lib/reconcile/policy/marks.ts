import type { KubernetesObject } from '../../manifests/object.ts';
import { appliedFields, holdsPath } from '../managed-fields.ts';

/** Until when drift of an object is to be held: a moment, or a duration from its opening. */
export const HOLD_ANNOTATION = 'plumbline.dev/hold-until';

/** `disabled`: the object is compared and never written. */
export const RECONCILE_ANNOTATION = 'plumbline.dev/reconcile';

/** What the annotations of an object ask for. */
export interface Marks {
  readonly holdUntil?: string;
  readonly reconcile?: string;
}

/** Of an object that does not exist: what Git says. */
export function desiredMarks({ metadata }: KubernetesObject): Marks {
  return marks((name) => metadata.annotations?.[name]);
}

/**
 * Of an object that exists: what a person put on it, else what it would have once Git's is applied (`next`: its dry-run, or where there is none
 * what Git says). A mark that is ours is Git's to take off,
 * so that one that is no longer in Git is over although the object still has it.
 */
export function liveMarks(live: KubernetesObject, next: KubernetesObject, fieldManager: string): Marks {
  const ours = appliedFields(live, fieldManager) ?? {};
  return marks((name) => {
    const isOurs = holdsPath(ours, [{ field: 'metadata' }, { field: 'annotations' }, { field: name }]);
    return (isOurs ? undefined : live.metadata.annotations?.[name]) ?? next.metadata.annotations?.[name];
  });
}

function marks(read: (name: string) => string | undefined): Marks {
  const holdUntil = read(HOLD_ANNOTATION);
  const reconcile = read(RECONCILE_ANNOTATION);
  return { ...(holdUntil === undefined ? {} : { holdUntil }), ...(reconcile === undefined ? {} : { reconcile }) };
}
