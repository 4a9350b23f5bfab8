import type { Failure } from '../../errors.ts';
import { describeObject, groupOf, objectKey } from '../../manifests/object.ts';
import { HEALTH, type ObjectRecord } from '../../records/record.ts';
import type { Comparison } from '../compare.ts';
import { isRunning } from '../jobs.ts';
import { isPrerequisite } from '../observe.ts';
import type { Target } from '../target.ts';
import { type Checkpoint, type CheckpointEntry, wentBack } from './checkpoint.ts';
import { epochsOf } from './environment.ts';
import { sameFacts } from './object-facts.ts';
import { type KindSurface, kindOf, nameOf, type Surface } from './observe-surface.ts';
import { planSweep, type Slots, type SweepPlan } from './sweep.ts';

/** Which objects a run reads and dry-runs, and what it may say of the others. */
export interface Triage {
  /** Nothing vouches for them, or it is their turn. In the order of the targets. */
  readonly candidates: readonly Target[];
  /** Equal when they were last verified, and nothing moved since. */
  readonly unchanged: readonly { readonly target: Target; readonly entry: CheckpointEntry }[];
  /** Of kinds that could not be listed. */
  readonly unknown: readonly { readonly target: Target; readonly failure: Failure }[];
  readonly sweep: SweepPlan;
}

export interface Triaging {
  readonly checkpoint: Checkpoint | undefined;
  readonly slots: Slots;
  /** The open records of the cluster. */
  readonly open: readonly ObjectRecord[];
  readonly startedAt: Date;
  readonly row: { readonly intervalSeconds: number };
}

/** Pure. */
export function triage(targets: readonly Target[], { kinds, environment }: Surface, triaging: Triaging): Triage {
  const { checkpoint, slots, open, startedAt, row } = triaging;
  const undecided = undecidedKeys(open);
  const epochFor = epochsOf(environment);
  const vouched: { readonly target: Target; readonly entry: CheckpointEntry; readonly key: string; readonly isFirst: boolean }[] = [];
  const unknown: { readonly target: Target; readonly failure: Failure }[] = [];
  for (const target of targets) {
    const kind = kinds.get(kindOf(target.resource));
    if (kind?.state === 'unknown') {
      unknown.push({ target, failure: kind.failure });
      continue;
    }
    const entry = undecided.has(target.key) ? undefined : vouchingEntry(target, kind, checkpoint);
    if (entry !== undefined) vouched.push({ target, entry, key: target.key, isFirst: entry.epoch !== epochFor(target.resource) });
  }
  const sweep = planSweep(vouched, slots, { now: startedAt, intervalSeconds: row.intervalSeconds });
  const unchanged = vouched.filter(({ key }) => !sweep.keys.has(key)).map(({ target, entry }) => ({ target, entry }));
  const settled = new Set([...unchanged, ...unknown].map(({ target }) => target.key));
  return { candidates: targets.filter(({ key }) => !settled.has(key)), unchanged, unknown, sweep };
}

/** What is open is looked at until it is over, and what is held until it is due. What is tolerated is decided; health is followed by itself. */
function undecidedKeys(open: readonly ObjectRecord[]): ReadonlySet<string> {
  const undecided = open.filter(
    (record) => (record.kind === 'drift' || record.kind === 'rollout') && record.decision !== 'tolerated' && record.class !== HEALTH,
  );
  return new Set(undecided.map(({ object }) => objectKey({ ...object, group: groupOf(object.apiVersion) })));
}

/** The entry that vouches for a target: nothing of what ownership shows has moved since it was made. */
export function vouchingEntry(
  { key, id, resource, moved, object, knownJob }: Target,
  kind: KindSurface | undefined,
  checkpoint: Checkpoint | undefined,
): CheckpointEntry | undefined {
  if (moved || isRunning(object, knownJob) || kind?.state !== 'listed' || checkpoint === undefined) return undefined;
  if (wentBack(kind.resourceVersion, checkpoint.versions.get(kindOf(resource)))) return undefined;
  const entry = checkpoint.entries.get(key);
  const facts = kind.objects.get(nameOf(id));
  if (entry === undefined || facts === undefined || facts.terminating || !sameFacts(facts, entry)) return undefined;
  return entry;
}

/** What is to be decided on, in the order of the targets: what was observed, and what needed no observing. */
export function mergeComparisons(
  targets: readonly Target[],
  { unchanged, unknown }: Triage,
  observed: readonly Comparison[],
): readonly Comparison[] {
  const comparisons = new Map<string, Comparison>(observed.map((comparison) => [comparison.target.key, comparison]));
  for (const { target, entry } of unchanged) comparisons.set(target.key, { state: 'unchanged', target, uid: entry.uid });
  for (const { target, failure } of unknown) comparisons.set(target.key, unlisted(target, failure));
  return targets.flatMap(({ key }) => comparisons.get(key) ?? []);
}

function unlisted(target: Target, { reason, message }: Failure): Comparison {
  const failure = {
    reason,
    message: `${describeObject(target.id)}: its kind could not be listed, so that nothing is known of it. ${message}`,
  };
  return { state: 'unknown', target, decision: isPrerequisite(failure) ? 'blocked' : 'failed', failure };
}
