import { groupOf, type KubernetesObject } from '../manifests/object.ts';
import { current, failed, type HealthAssessment, inProgress, terminating, unknown } from './assessment.ts';
import { assessCustomResource } from './custom-rules.ts';
import { conditionsOf, numberAt, valueAt } from './fields.ts';
import { kindRuleOf } from './kind-rules.ts';
import type { HealthRules, KindExpressions } from './rules.ts';

/**
 * The health of an object as it is on the server, from the object alone.
 *
 * kstatus' order: what is being deleted, what its controller has not seen yet, the expressions of its kind, its conditions `Reconciling` and
 * `Stalled`, the rule of its kind, its condition `Ready`; what is left is current.
 */
export function assessHealth(object: KubernetesObject, rules: HealthRules): HealthAssessment {
  const { deletionTimestamp, generation, finalizers = [] } = object.metadata;
  if (deletionTimestamp !== undefined) {
    const waits = finalizers.length === 0 ? '' : `; it waits for ${finalizers.join(', ')}`;
    return terminating('Terminating', `it is being deleted${waits}`);
  }
  const observed = numberAt(object, 'status', 'observedGeneration');
  if (generation !== undefined && observed !== undefined && observed !== generation)
    return inProgress('LatestGenerationNotObserved', `its controller has seen generation ${observed}, not yet ${generation}`);
  const expressions = rules.get(`${groupOf(object.apiVersion)}/${object.kind}`);
  if (expressions !== undefined) return assessByExpressions(object, expressions);
  for (const { type, status, reason, message } of conditionsOf(object)) {
    if (type === 'Reconciling' && status === 'True') return inProgress(reason ?? type, message || 'its controller is at work on it');
    if (type === 'Stalled' && status === 'True') return failed(reason ?? type, message || 'its controller cannot go on');
  }
  const rule = kindRuleOf(object);
  if (rule === undefined) return assessCustomResource(object);
  if (rule.observes === true && observed === undefined) return inProgress('NotObserved', 'its controller has not looked at it yet');
  return rule.assess(object);
}

/** Flux's order: the first that holds decides, and an object of which none holds is in progress. */
function assessByExpressions(object: KubernetesObject, { inProgress: progress, failed: failure, current: done }: KindExpressions) {
  const outcomes = [
    [progress, inProgress('InProgress', 'its inProgress expression holds')],
    [failure, failed('Failed', 'its failed expression holds')],
    [done, current('Current', 'its current expression holds')],
  ] as const;
  for (const [expression, outcome] of outcomes) {
    if (expression === undefined) continue;
    const result = expression.evaluate(object);
    if ('problem' in result) return unevaluated(object, expression.text, result.problem);
    if (result.holds) return outcome;
  }
  return inProgress('NotCurrent', 'its current expression does not hold');
}

/** Before the first status most expressions fail, and there is nothing wrong with them. */
function unevaluated(object: KubernetesObject, text: string, problem: string): HealthAssessment {
  if (valueAt(object, 'status') === undefined && /\bstatus\b/.test(text))
    return inProgress('NoStatus', 'its controller has set no status yet');
  return unknown('ExpressionFailed', `the expression ${JSON.stringify(text.slice(0, 200))} cannot be evaluated on it: ${problem}`);
}
