import { isDeepStrictEqual } from 'node:util';
import type { KubernetesObject } from '../../manifests/object.ts';
import { recordObjectKey } from '../../records/identity.ts';
import type { FieldChange, ObjectRecord } from '../../records/record.ts';
import type { Comparison } from '../compare.ts';
import { desiredMarks, type Marks } from './marks.ts';
import { type Policy, policyFor } from './policy.ts';
import { type Treatment, treatRollout } from './treat.ts';

/** One path of a plan that is left as it is: held, or given up to a rival for a while. */
export interface HeldPath extends Treatment {
  readonly path: string;
}

/** What keeps a run from writing an object now, and which of its paths it would leave as they are. */
export interface PlanWaits {
  readonly waits?: Treatment;
  readonly held?: readonly HeldPath[];
}

/** `changes`: what the plan would change of the object. Only where a commit says something else than when it was held is a path written. */
export function planWaits(
  comparison: Comparison,
  changes: readonly FieldChange[],
  { policy, open }: { readonly policy: Policy; readonly open: readonly ObjectRecord[] },
): PlanWaits {
  const { key, object } = comparison.target;
  const marks = ('marks' in comparison ? comparison.marks : undefined) ?? desiredMarks(object);
  const held = open
    .filter((record) => record.kind === 'drift' && isLeft(record) && recordObjectKey(record) === key)
    .flatMap((record) =>
      record.changes.filter((change) => changes.some((planned) => isSame(planned, change))).map((change) => heldPath(change, record)),
    );
  return { ...objectWaits(object, marks, policy), ...(held.length === 0 ? {} : { held }) };
}

/** Why an object would not be written or deleted now. */
export function objectWaits(object: KubernetesObject, marks: Marks, policy: Policy): Pick<PlanWaits, 'waits'> {
  const waits = treatRollout({ policy: policyFor(policy, object), marks });
  return waits.decision === 'applied' ? {} : { waits };
}

function isLeft({ decision }: ObjectRecord): boolean {
  return decision === 'held' || decision === 'backed-off';
}

function isSame(planned: FieldChange, change: FieldChange): boolean {
  return planned.path === change.path && isDeepStrictEqual(planned.desired, change.desired);
}

function heldPath({ path }: FieldChange, { decision, heldUntil }: ObjectRecord): HeldPath {
  return { path, decision, ...(heldUntil === undefined ? {} : { heldUntil }) };
}
