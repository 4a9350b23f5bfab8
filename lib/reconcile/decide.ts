import type { Failure } from '../errors.ts';
import { describeObject } from '../manifests/object.ts';
import type { Actor, Decision } from '../records/record.ts';
import { UNKNOWN_ACTOR } from './actor.ts';
import { missingClassOf } from './classify.ts';
import { type AbsentComparison, type Comparison, isOwnerLabel, type PresentComparison, RECREATED } from './compare.ts';
import type { Difference } from './diff.ts';
import { isJob } from './jobs.ts';
import type { Owner } from './ownership.ts';
import {
  type Circumstances,
  type ContestedDrift,
  contestedWhole,
  describeFight,
  describeIrreversible,
  desiredMarks,
  divideDrift,
  forbidden,
  type Memory,
  markProblem,
  type Policy,
  policyFor,
  treatDrift,
  treatRollout,
} from './policy/index.ts';
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
export function decide(comparison: Comparison, policy: Policy, memory: Memory): Item {
  const { target } = comparison;
  const own = policyFor(policy, target.object);
  const moved = target.moved ? 'rollout' : 'drift';
  switch (comparison.state) {
    case 'present':
      return decidePresent(comparison, { policy: own, marks: comparison.marks ?? {}, memory: memory(target) });
    case 'finished':
    case 'unchanged':
      return { target, comparison, action: 'leave', findings: [], carry: [] };
    case 'absent':
      return decideAbsent(comparison, { policy: own, marks: desiredMarks(target.object), memory: memory(target) });
    case 'immutable':
      return decideImmutable(comparison, { policy: own, marks: comparison.marks, memory: memory(target) });
    case 'terminating':
      return leave(comparison, {
        kind: moved,
        class: 'terminating',
        ...(forbidden({ policy: own, marks: desiredMarks(target.object) }) ?? { decision: 'blocked' }),
      });
    case 'owned':
      return leave(comparison, { kind: 'rollout', class: 'owner', decision: 'refused', failure: refusal(target, comparison.owner) });
    case 'unknown':
      return leave(comparison, { kind: moved, class: 'unverifiable', decision: comparison.decision, failure: comparison.failure });
  }
}

function decideAbsent(comparison: AbsentComparison, circumstances: Circumstances): Item {
  const { target } = comparison;
  const missing = missingClassOf(target.id);
  // A Job that has run is gone for good until Git changes it.
  const isNew = target.baseline === undefined || (target.moved && isJob(target.object));
  const finding: Finding = isNew
    ? { kind: 'rollout', class: 'created', differences: [], ...treatRollout(circumstances) }
    : { kind: 'drift', class: missing, differences: [], actor: UNKNOWN_ACTOR, ...treatDrift(missing, circumstances) };
  const findings = [finding, ...reportMarks(target, circumstances)];
  return { target, comparison, action: isIntention(finding) ? 'create' : 'leave', findings, carry: [] };
}

function decideImmutable(comparison: ImmutableObservation, circumstances: Circumstances): Item {
  const { target } = comparison;
  const kind = target.moved ? 'rollout' : 'drift';
  const failure = recreateRefusal(comparison);
  if (failure !== undefined) return leave(comparison, { kind, class: 'immutable', decision: 'failed', failure });
  const treatment = target.moved ? treatRollout(circumstances) : treatDrift('immutable', circumstances);
  const finding: Finding = { kind, class: 'immutable', differences: [], ...treatment };
  const { memory, policy } = circumstances;
  const contested = treatment.decision === 'corrected' ? contestedWhole(target.key, 'immutable', memory, policy) : undefined;
  const met = contested === undefined ? finding : contestedFinding(target, contested, circumstances);
  return { target, comparison, action: isIntention(met) ? 'recreate' : 'leave', findings: [met], carry: [] };
}

function decidePresent(seen: PresentComparison, circumstances: Circumstances): Item {
  const { policy, memory } = circumstances;
  const comparison = policy.mode === 'enforce' ? seen : withoutOurMark(seen);
  const { target, rollout, drift, foreign, ownershipLost, takeover, adoptedFrom } = comparison;
  const rolled = treatRollout(circumstances);
  const adopts = adoptedFrom !== undefined && (rolled.decision === 'applied' || rolled.decision === 'held');
  // A fight is a matter of writing.
  const fights = forbidden(circumstances) === undefined ? memory : { ...memory, contested: [] };
  const { free, contested } = divideDrift(target.key, drift, fights, policy);
  const findings: Finding[] = free.map((group) => ({ kind: 'drift', ...group, ...treatDrift(group.class, circumstances) }));
  findings.push(...contested.map((each) => contestedFinding(target, each, circumstances)));
  if (rollout.length > 0 || adopts) {
    findings.push({ kind: 'rollout', class: adoptedFrom === undefined ? 'changed' : 'adopted', differences: rollout, ...rolled });
  }
  const others = foreign.map((group) => foreignFinding(target, group, takeover !== undefined, { ...circumstances, memory: fights }));
  const isTaken = (each: Difference) => [...findings, ...others].some((one) => isIntention(one) && one.differences.includes(each));
  const takesOver = takeover !== undefined && ((adopts && rolled.decision === 'applied') || takeover.removes.some(isTaken));
  // An apply for any other reason takes the field back too.
  const isOtherwiseEqual = rollout.length === 0 && drift.length === 0 && comparison.irreversible === undefined && !adopts && !takesOver;
  if (ownershipLost && isOtherwiseEqual) findings.push(...regain(target, circumstances));
  findings.push(...others, ...reportIrreversible(comparison), ...reportMarks(target, circumstances));
  if (!findings.some(isIntention)) return { target, comparison, action: 'leave', findings, carry: [] };
  const withheld = findings.filter(isWithheld).flatMap(({ differences }) => differences);
  // What others own beside ours stays where it is by itself, unless all of theirs is taken over.
  if (takeover === undefined || !takesOver) {
    const carry = withheld.filter((each) => takeover?.removes.includes(each) !== true);
    return { target, comparison, action: 'update', findings, carry };
  }
  const removes = takeover.removes.filter((each) => !withheld.includes(each));
  return { target, comparison, action: 'update', findings, carry: withheld, takeover: { ...takeover, removes } };
}

/** People's fields are taken back, controllers' are theirs, and those of programs that are neither wait until somebody decides. */
function foreignFinding(target: Target, { who, ...group }: ForeignGroup, canTake: boolean, circumstances: Circumstances): Finding {
  if (who === 'controller') return { kind: 'drift', ...group, decision: 'tolerated' };
  if (who !== 'person' || !canTake || group.failure !== undefined) return { kind: 'drift', ...group, decision: 'observed' };
  // All of a person's fields are taken over at once, or none.
  const [fight] = divideDrift(target.key, [group], circumstances.memory, circumstances.policy).contested;
  if (fight === undefined) return { kind: 'drift', ...group, ...treatDrift(group.class, circumstances) };
  const { actor, differences } = group;
  return contestedFinding(target, { drift: { class: fight.drift.class, differences, actor }, until: fight.until }, circumstances);
}

function contestedFinding(target: Target, contested: ContestedDrift, circumstances: Circumstances): Finding {
  const { drift, until } = contested;
  const failure = describeFight(target.id, contested);
  if (until !== undefined) return { kind: 'drift', ...drift, decision: 'backed-off', heldUntil: until.toISOString(), failure };
  return { kind: 'drift', ...drift, ...treatDrift(drift.class, circumstances) };
}

/** The values are right, and the fields are to be ours again: there is nothing to have grace for. */
function regain(target: Target, circumstances: Circumstances): readonly Finding[] {
  const { policy, memory } = circumstances;
  if (treatDrift('ownership', { ...circumstances, policy: { ...policy, graceSeconds: 0 } }).decision !== 'corrected') return [];
  const contested = contestedWhole(target.key, 'present', memory, policy);
  if (contested !== undefined) return [contestedFinding(target, contested, circumstances)];
  return [{ kind: 'drift', class: 'ownership', differences: [], decision: 'applied' }];
}

/** Nothing is tried about it, by whatever policy. */
function reportIrreversible({ target, irreversible }: PresentComparison): readonly Finding[] {
  if (irreversible === undefined) return [];
  const failure = describeIrreversible(target.id, irreversible.differences);
  return [{ kind: 'drift', ...irreversible, decision: 'reported', failure }];
}

function reportMarks({ id }: Target, { marks, policy }: Circumstances): readonly Finding[] {
  const failure = markProblem(id, marks, policy.now);
  return failure === undefined ? [] : [{ kind: 'drift', class: 'annotation', differences: [], decision: 'reported', failure }];
}

/** Whether a write is to settle it. */
export function isIntention({ decision }: Pick<Finding, 'decision'>): boolean {
  return decision === 'applied' || decision === 'corrected';
}

/** Whether a write for other reasons is to leave it as it is. */
function isWithheld({ decision }: Finding): boolean {
  return decision === 'held' || decision === 'backed-off';
}

/** Our label is no part of Git: where we do not write, its absence is no difference. */
function withoutOurMark(comparison: PresentComparison): PresentComparison {
  const withoutLabel = (differences: readonly Difference[]) => differences.filter((difference) => !isOwnerLabel(difference));
  const drift = comparison.drift.map((group) => ({ ...group, differences: withoutLabel(group.differences) }));
  return {
    ...comparison,
    rollout: withoutLabel(comparison.rollout),
    drift: drift.filter((group) => group.class === RECREATED || group.differences.length > 0),
    ownershipLost: false,
  };
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
