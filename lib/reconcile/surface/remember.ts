import type { AppliedItem } from '../apply.ts';
import { isEqual } from '../equal.ts';
import { type Basis, type Checkpoint, type CheckpointEntry, encodeCheckpoint, wentBack } from './checkpoint.ts';
import { epochsOf } from './environment.ts';
import { type ObjectFacts, sameFacts } from './object-facts.ts';
import type { Surface } from './observe-surface.ts';
import { advanceSlots, encodeSlots, type Slots, slotOf } from './sweep.ts';
import type { Triage } from './triage.ts';

/** What a run leaves for the next one, so that it need not look at everything again. */
export interface Remembered {
  /** The checkpoint to store; undefined when what is stored says the same. */
  readonly checkpoint: string | undefined;
  readonly sweep: string;
  /** The oldest of all objects' last full verifications; it holds only for a run that failed at none. */
  readonly verifiedAt: Date;
}

export interface Remembering {
  readonly basis: Basis;
  readonly checkpoint: Checkpoint | undefined;
  readonly slots: Slots;
  readonly startedAt: Date;
}

/** Pure. An object is remembered only as what the server showed of it in this run, or as it was remembered before and has not moved since. */
export function rememberRun(
  applied: readonly AppliedItem[],
  triaged: Triage,
  { kinds, environment }: Surface,
  { basis, checkpoint: previous, slots, startedAt }: Remembering,
): Remembered {
  // The first object may have been looked at as long ago as that.
  const at = Math.floor(startedAt.getTime() / 1000);
  const unobserved = new Set([...triaged.unchanged, ...triaged.unknown].map(({ target }) => target.key));
  const epochFor = epochsOf(environment);
  const entries = new Map<string, CheckpointEntry>();
  let oldest = at;
  let changed = false;
  for (const item of applied) {
    const { key, resource } = item.target;
    const known = previous?.entries.get(key);
    const entry = unobserved.has(key)
      ? keptEntry(known, triaged.sweep.slots.has(slotOf(key)))
      : observedEntry(item, known, () => epochFor(resource), at);
    changed ||= entry !== known;
    if (entry === undefined) continue;
    entries.set(key, entry);
    if (unobserved.has(key)) oldest = Math.min(oldest, Math.max(entry.verifiedAt, slots[slotOf(key)] ?? 0));
  }
  changed ||= entries.size !== (previous?.entries.size ?? 0);

  const waiting = new Set([...unobserved].map(slotOf));
  const swept = (slot: number): boolean => triaged.sweep.slots.has(slot) || !waiting.has(slot);
  const versions = [...kinds].flatMap(([kind, surface]) =>
    surface.state === 'listed' ? [[kind, surface.resourceVersion] as const] : [[kind, previous?.versions.get(kind) ?? ''] as const],
  );
  // Each kind's version is as old as the checkpoint, which is enough to tell that it went back; but it has to be there, and not ahead.
  changed ||= versions.some(([kind, version]) => {
    const before = previous?.versions.get(kind);
    return before === undefined || wentBack(version, before);
  });
  const checkpoint = { basis, versions: new Map(versions), entries };
  return {
    checkpoint: changed ? encodeCheckpoint(checkpoint) : undefined,
    sweep: encodeSlots(advanceSlots(slots, swept, at)),
    verifiedAt: new Date(oldest * 1000),
  };
}

/** Of an object whose turn it was and that could not be looked at, nothing is known any more once its share counts as verified. */
function keptEntry(known: CheckpointEntry | undefined, hadItsTurn: boolean): CheckpointEntry | undefined {
  return hadItsTurn ? undefined : known;
}

function observedEntry(
  item: AppliedItem,
  known: CheckpointEntry | undefined,
  epochNow: () => string,
  verifiedAt: number,
): CheckpointEntry | undefined {
  const facts = settledFacts(item);
  if (facts === undefined || facts.terminating) return undefined;
  const epoch = epochNow();
  // That it was verified once more is remembered with its share.
  if (known !== undefined && sameFacts(facts, known) && known.epoch === epoch) return known;
  const { uid, generation, fields } = facts;
  return { uid, generation, fields, epoch, verifiedAt };
}

/** The metadata of an object with nothing left to be done or decided about it; what is tolerated is decided. */
function settledFacts(item: AppliedItem): ObjectFacts | undefined {
  const { comparison, findings, result } = item;
  if (result.state === 'written') {
    const settled = findings.every(({ decision }) => decision === 'applied' || decision === 'corrected' || decision === 'tolerated');
    return result.verified && settled ? result.facts : undefined;
  }
  if (result.state !== 'left' || comparison.state !== 'present') return undefined;
  return isEqual(item) && findings.every(({ decision }) => decision === 'tolerated') ? comparison.facts : undefined;
}
