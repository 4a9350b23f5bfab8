import type { Failure } from '../errors.ts';
import { describeObject } from '../manifests/object.ts';
import type { Actor, Decision } from '../records/record.ts';
import { UNKNOWN_ACTOR } from './actor.ts';
import { missingClassOf } from './classify.ts';
import type { Comparison, PresentComparison } from './compare.ts';
import type { Difference } from './diff.ts';
import { isJob } from './jobs.ts';
import type { Owner } from './ownership.ts';
import { type Memory, type Policy, writes } from './policy/index.ts';
import { type ImmutableObservation, recreateRefusal } from './recreate.ts';
import type { ForeignGroup, PlannedTakeover } from './takeover/index.ts';
import type { Target } from './target.ts';

/** One thing to say about one object, and what is done about it; `applied` and `corrected` are intentions until they are written. */
export interface Finding {
  readonly kind: 'drift' | 'rollout';
  readonly class: string;
  readonly differences: readonly Difference[];
  readonly actor?: Actor;
  readonly decision: Decision;
  /** ISO 8601: when what is held, suspended or backed off from is decided on again. */
  readonly heldUntil?: string;
  readonly failure?: Failure;
}

/** What this run does to one target. */
export interface Item {
  readonly target: Target;
  readonly comparison: Comparison;
  readonly action: 'create' | 'update' | 'recreate' | 'leave';
  readonly findings: readonly Finding[];
  /** What a write leaves as it is: the body has the live values there, so that correcting one field reverts no other. */
  readonly carry: readonly Difference[];
  /** What a write takes over before it applies. */
  readonly takeover?: PlannedTakeover;
}

export interface Deciding {
  readonly policy: Policy;
  readonly memory: Memory;
}

export function decideAll(comparisons: readonly Comparison[], { policy, memory }: Deciding): readonly Item[] {
  return comparisons.map((comparison) => decide(comparison, policy, memory));
}

/** What is done about an object: pure, from what was seen, what is allowed and what is remembered. */
export function decide(comparison: Comparison, policy: Policy, _memory: Memory): Item {
  const { target } = comparison;
  const moved = target.moved ? 'rollout' : 'drift';
  switch (comparison.state) {
    case 'present':
      return decidePresent(comparison, policy);
    case 'finished':
    case 'unchanged':
      return { target, comparison, action: 'leave', findings: [], carry: [] };
    case 'absent': {
      // A Job that has run is gone for good until Git changes it.
      const missing = target.baseline !== undefined && !(target.moved && isJob(target.object));
      const finding: Finding = missing
        ? {
            kind: 'drift',
            class: missingClassOf(target.id),
            differences: [],
            actor: UNKNOWN_ACTOR,
            decision: intention('corrected', policy),
          }
        : { kind: 'rollout', class: 'created', differences: [], decision: intention('applied', policy) };
      return { target, comparison, action: writes(policy) ? 'create' : 'leave', findings: [finding], carry: [] };
    }
    case 'immutable':
      return decideImmutable(comparison, policy);
    case 'terminating':
      return leave(comparison, { kind: moved, class: 'terminating', decision: intention('blocked', policy) });
    case 'owned':
      return leave(comparison, { kind: 'rollout', class: 'owner', decision: 'refused', failure: refusal(target, comparison.owner) });
    case 'unknown':
      return leave(comparison, { kind: moved, class: 'unverifiable', decision: comparison.decision, failure: comparison.failure });
  }
}

function decideImmutable(comparison: ImmutableObservation, policy: Policy): Item {
  const { target } = comparison;
  const kind = target.moved ? 'rollout' : 'drift';
  const failure = recreateRefusal(comparison);
  if (failure !== undefined) return leave(comparison, { kind, class: 'immutable', decision: 'failed', failure });
  const finding: Finding = {
    kind,
    class: 'immutable',
    differences: [],
    decision: intention(target.moved ? 'applied' : 'corrected', policy),
  };
  return { target, comparison, action: writes(policy) ? 'recreate' : 'leave', findings: [finding], carry: [] };
}

function decidePresent(comparison: PresentComparison, policy: Policy): Item {
  const { target, rollout, drift, foreign, ownershipLost, takeover, adoptedFrom } = comparison;
  const others = foreign.map((group) => foreignFinding(group, takeover !== undefined, policy));
  const adopts = adoptedFrom !== undefined && writes(policy);
  const takesOver =
    takeover !== undefined &&
    (adopts || takeover.removes.some((each) => rollout.includes(each)) || others.some(({ decision }) => decision === 'corrected'));
  const differs = rollout.length > 0 || drift.length > 0 || adopts || takesOver;
  const findings: Finding[] = drift.map((group) => ({ kind: 'drift', ...group, decision: intention('corrected', policy) }));
  if (rollout.length > 0 || adopts) {
    const rolloutClass = adoptedFrom === undefined ? 'changed' : 'adopted';
    findings.push({ kind: 'rollout', class: rolloutClass, differences: rollout, decision: intention('applied', policy) });
  }
  // An apply for any other reason takes the field back too.
  const regains = ownershipLost && !differs && writes(policy);
  if (regains) findings.push({ kind: 'drift', class: 'ownership', differences: [], decision: 'applied' });
  const action = writes(policy) && (differs || regains) ? 'update' : 'leave';
  return {
    target,
    comparison,
    action,
    findings: [...findings, ...others],
    carry: [],
    ...(takesOver && action === 'update' ? { takeover } : {}),
  };
}

/** People's fields are taken back, controllers' are theirs, and those of programs that are neither wait until somebody decides. */
function foreignFinding({ who, ...group }: ForeignGroup, canTake: boolean, policy: Policy): Finding {
  if (who === 'controller') return { kind: 'drift', ...group, decision: 'tolerated' };
  const isTaken = canTake && who === 'person' && group.failure === undefined;
  return { kind: 'drift', ...group, decision: isTaken ? intention('corrected', policy) : 'observed' };
}

/** What would be done, or why it is not. */
function intention(decision: 'applied' | 'corrected' | 'blocked', policy: Policy): Decision {
  if (policy.mode === 'observe') return 'observed';
  return policy.suspended ? 'suspended' : decision;
}

function leave(comparison: Comparison, finding: Omit<Finding, 'differences'>): Item {
  return { target: comparison.target, comparison, action: 'leave', findings: [{ ...finding, differences: [] }], carry: [] };
}

function refusal(target: Target, { words, deployer }: Owner): Failure {
  return {
    reason: 'OwnedByAnother',
    message: `${describeObject(target.id)}: it belongs to ${words}, and is not written from here. End its management there, and adopt it in plumbline.yaml: adopt: [{ kind: ${target.id.kind}, name: ${target.id.name}, from: ${deployer} }]. Or remove it from here.`,
  };
}

/** Whether the cluster holds what Git says of the object. */
export function isEqual({ comparison }: Item): boolean {
  if (comparison.state === 'unchanged' || comparison.state === 'finished') return true;
  return comparison.state === 'present' && comparison.rollout.length === 0 && comparison.drift.length === 0;
}
