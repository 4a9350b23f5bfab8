import { failureOf } from '../errors.ts';
import type { KubernetesObject } from '../manifests/object.ts';
import type { Actor } from '../records/record.ts';
import { actorOf, makerOf, ownerOf } from './actor.ts';
import { type Baseline, divideByCause, driftClassOf } from './classify.ts';
import { type Difference, diffObjects } from './diff.ts';
import { isIgnored } from './field-rules.ts';
import { OWNER_LABEL, type WriterIdentity } from './identity.ts';
import { isFinished, isJob } from './jobs.ts';
import { appliedFields, type FieldSet, sameFields } from './managed-fields.ts';
import type { Observation, PresentObservation } from './observe.ts';
import { type Path, valueAt } from './path.ts';
import { IRREVERSIBLE } from './policy/irreversible.ts';
import { liveMarks, type Marks } from './policy/marks.ts';
import { type ObjectFacts, objectFacts } from './surface/object-facts.ts';
import { type ForeignGroup, groupOthers, isTakenOver, type PlannedTakeover, takeoverOf } from './takeover/index.ts';
import { isMadeAnew, type Target } from './target.ts';

/** The class of all drift of an object that was deleted and created again, of which there may be none but that. */
export const RECREATED = 'recreated';

/** Differences of one class, and who made them. */
export interface Drift {
  readonly class: string;
  readonly differences: readonly Difference[];
  readonly actor: Actor;
}

/** An object that exists, against what the server would make of ours. Without differences and drift it is equal. */
export interface PresentComparison {
  readonly state: 'present';
  readonly target: Target;
  /** What is applied: the target's object after the ignore rules. */
  readonly desired: KubernetesObject;
  readonly uid: string;
  readonly resourceVersion: string;
  /** What Git changed since the object was last brought to it. */
  readonly rollout: readonly Difference[];
  /** What the cluster changed, by class. */
  readonly drift: readonly Drift[];
  /** What the cluster changed and the server does not let go back; absent: nothing. */
  readonly irreversible?: Drift;
  /** What others put beside our fields, by the kind of program that did. */
  readonly foreign: readonly ForeignGroup[];
  /** What a write takes over before it applies, and what goes with that. */
  readonly takeover?: PlannedTakeover;
  /** Of the first contact with an object that was there before us: who deployed it, for people. */
  readonly adoptedFrom?: string;
  /** How many of its fields are left as they are; absent: none. */
  readonly ignored?: number;
  /** The fields that we own once ours is applied. */
  readonly fields: FieldSet;
  /** Whether these are not the fields that we own now: somebody changed one and put it back, and it is no longer ours. */
  readonly ownershipLost: boolean;
  /** Of a Job: it has run to its end. */
  readonly finished?: true;
  /** What the annotations of the object ask for; absent: nothing. */
  readonly marks?: Marks;
  /** What its metadata will say for as long as nobody changes what we own. */
  readonly facts: ObjectFacts | undefined;
}

/** An object that was equal when it was last verified, and whose metadata says that nobody has changed it since. */
export interface UnchangedComparison {
  readonly state: 'unchanged';
  readonly target: Target;
  readonly uid: string;
}

export type AbsentComparison = Extract<Observation, { readonly state: 'absent' }>;

/** What an observation means. */
export type Comparison = PresentComparison | UnchangedComparison | Exclude<Observation, { readonly state: 'present' }>;

export interface Comparing {
  readonly identity: WriterIdentity;
  /** Our label and our ownership are no part of Git: where we do not write, their absence is no difference. */
  readonly writes: boolean;
}

/** Compares observations as they arrive, so that the pairs of objects are not kept. */
export async function compareAll(observations: AsyncIterable<Observation>, comparing: Comparing): Promise<readonly Comparison[]> {
  const comparisons: Comparison[] = [];
  for await (const observation of observations) comparisons.push(compare(observation, comparing));
  return comparisons;
}

/** An object that cannot be compared is unknown, and the others go on. */
export function compare(observation: Observation, comparing: Comparing): Comparison {
  if (observation.state !== 'present') return observation;
  try {
    return comparePresent(observation, comparing);
  } catch (error) {
    return { state: 'unknown', target: observation.target, decision: 'failed', failure: failureOf(error) };
  }
}

function comparePresent(observation: PresentObservation, { identity, writes }: Comparing): PresentComparison {
  const { target, desired, live, uid, resourceVersion, dryRun, irreversible, ignored, ignoredCount, others, adoption, rules } = observation;
  const { fieldManager } = identity;
  const ours = appliedFields(live, fieldManager);
  const spares = (path: Path) => isIgnored(ignored, path);
  const differences = diffObjects(live, dryRun).filter((difference) => !spares(difference.path) && (writes || !isOwnerLabel(difference)));
  const { drift, rollout } = divideByCause(
    differences,
    target.object,
    baselineOf(target, identity, ours !== undefined || isMadeAnew(target, uid)),
    (difference) => ownerOf(live, difference, fieldManager) !== undefined,
  );
  const fields = appliedFields(dryRun, fieldManager) ?? {};
  // One that is as it is to be was made by an earlier run of ours, which was cut off before it could say so.
  const isRecreated = isMadeAnew(target, uid) && adoption === undefined && (drift.length > 0 || !sameFields(ours, fields));
  const groups = groupOthers(others, { target, dryRun, spares });
  const takes = groups.some(isTakenOver) || adoption !== undefined;
  const refused = others.filter(({ refusal }) => refusal !== undefined).flatMap(({ paths }) => paths);
  const owned = { target, live, dryRun, fieldManager, classify: rules.classify };
  const takeover = takes ? takeoverOf({ ...owned, spares: (path) => spares(path) || isIgnored(refused, path) }) : undefined;
  const { dropped, foreign } = divideForeign(groups, target, writes && adoption !== undefined);
  return {
    state: 'present',
    target,
    desired,
    uid,
    resourceVersion,
    rollout: [...rollout, ...dropped],
    drift: isRecreated
      ? [{ ...withActor(RECREATED, drift, live, fieldManager), actor: makerOf(live, fieldManager) }]
      : groupDrift(drift, live, fieldManager),
    ...(irreversible.length === 0 ? {} : { irreversible: withActor(IRREVERSIBLE, irreversible, live, fieldManager) }),
    foreign,
    ...(takeover === undefined
      ? {}
      : { takeover: { managedFields: takeover, removes: groups.filter(isTakenOver).flatMap((group) => group.differences) } }),
    ...(adoption === undefined ? {} : { adoptedFrom: adoption.from }),
    ...(ignoredCount === 0 ? {} : { ignored: ignoredCount }),
    fields,
    ownershipLost: writes && !sameFields(ours, fields),
    ...(isJob(live) && isFinished(live) ? { finished: true } : {}),
    marks: liveMarks(live, dryRun, fieldManager),
    facts: objectFacts(live.metadata, fieldManager),
  };
}

/**
 * What goes because Git dropped it is a rollout, although a person’s tool owns it too; so is all that an earlier deployer leaves behind when
 * the object is adopted.
 */
function divideForeign(
  groups: readonly ForeignGroup[],
  { baseline, object }: Target,
  adopts: boolean,
): { readonly dropped: readonly Difference[]; readonly foreign: readonly ForeignGroup[] } {
  const isDropped = ({ path }: Difference) =>
    adopts || (valueAt(baseline?.object, path) !== undefined && valueAt(object, path) === undefined);
  return {
    dropped: groups.filter(isTakenOver).flatMap(({ differences }) => differences.filter(isDropped)),
    foreign: groups.flatMap((group) => {
      if (!isTakenOver(group)) return [group];
      const differences = group.differences.filter((difference) => !isDropped(difference));
      return differences.length === 0 ? [] : [{ ...group, differences }];
    }),
  };
}

/** Whether it is our own label, which is no part of Git. */
export function isOwnerLabel({ path }: Difference): boolean {
  const [metadata, labels, label] = path.map((segment) => ('field' in segment ? segment.field : undefined));
  return metadata === 'metadata' && labels === 'labels' && label === OWNER_LABEL;
}

/** Our label was part of the baseline only if we have applied the object: a row that only observed has not. */
function baselineOf(target: Target, { owner }: WriterIdentity, applied: boolean): Baseline | undefined {
  const { baseline } = target;
  if (baseline?.object === undefined || !applied) return baseline;
  const { metadata } = baseline.object;
  return { object: { ...baseline.object, metadata: { ...metadata, labels: { ...metadata.labels, [OWNER_LABEL]: owner } } } };
}

/** One group for each class. */
function groupDrift(drift: readonly Difference[], live: KubernetesObject, fieldManager: string): readonly Drift[] {
  const byClass = Map.groupBy(drift, driftClassOf);
  return [...byClass].map(([driftClass, differences]) => withActor(driftClass, differences, live, fieldManager));
}

function withActor(driftClass: string, differences: readonly Difference[], live: KubernetesObject, fieldManager: string): Drift {
  return {
    class: driftClass,
    differences: differences.map((difference) => {
      const owner = ownerOf(live, difference, fieldManager)?.manager;
      return owner === undefined ? difference : { ...difference, owner };
    }),
    actor: actorOf(live, differences, fieldManager),
  };
}
