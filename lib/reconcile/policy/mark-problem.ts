import type { Failure } from '../../errors.ts';
import { describeObject, type ObjectId } from '../../manifests/object.ts';
import { ACCEPTED_HOLD, holdEnd } from './hold.ts';
import { HOLD_ANNOTATION, type Marks, RECONCILE_ANNOTATION } from './marks.ts';

const SHOWN = 80;

/** What is wrong with an object's annotations, if anything is: what cannot be read asks for nothing. */
export function markProblem(id: ObjectId, { holdUntil, reconcile }: Marks, now: Date): Failure | undefined {
  const problems: string[] = [];
  if (holdUntil !== undefined && holdEnd(holdUntil, now, 0) === undefined)
    problems.push(problem(HOLD_ANNOTATION, holdUntil, ACCEPTED_HOLD));
  if (reconcile !== undefined && reconcile !== 'disabled' && reconcile !== 'enabled') {
    problems.push(problem(RECONCILE_ANNOTATION, reconcile, 'disabled or enabled'));
  }
  if (problems.length === 0) return undefined;
  return {
    reason: 'InvalidAnnotation',
    message: `${describeObject(id)}: ${problems.join('; ')}. Until it is put right it asks for nothing.`,
  };
}

function problem(annotation: string, value: string, accepted: string): string {
  const shown = value.length > SHOWN ? `${value.slice(0, SHOWN)}…` : value;
  return `annotation ${annotation} is ${JSON.stringify(shown)}; accepted: ${accepted}`;
}
