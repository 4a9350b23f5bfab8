/** When each share of the objects was last verified in full, in seconds since 1970; 0 where that is not known. */
export type Slots = readonly number[];

/** Every object belongs to one of as many shares as an hour has minutes; each minute it is another share's turn. */
const SLOTS = 60;
const SLOT_SECONDS = 60;
const ROUND_SECONDS = SLOTS * SLOT_SECONDS;

/** What was missed is caught up with, at no more than so many times the ordinary rate. */
const CATCHING_UP = 3;
/** Of that, so much at most goes to kinds whose environment changed; the rest keeps the round going. */
const FIRST_IN_LINE = 2;

/** The share of an object, by a hash (FNV-1a) of its key: the same for ever, and spread evenly. */
export function slotOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index += 1) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  return (hash >>> 0) % SLOTS;
}

/** An object that the checkpoint vouches for. */
export interface Vouched {
  readonly key: string;
  /** Whether something else has a hand in objects of its kind than when it was verified. */
  readonly isFirst: boolean;
}

export interface SweepPlan {
  /** Keys of the objects to be verified in full although nothing shows that they moved. */
  readonly keys: ReadonlySet<string>;
  /** Shares that are verified with them. */
  readonly slots: ReadonlySet<number>;
}

/**
 * Chooses what this run sweeps: of a run each minute a sixtieth of the objects, so that each is verified once an hour. Runs that are rarer, or
 * come late, take more. Right after everything was verified nothing is due.
 */
export function planSweep(
  vouched: readonly Vouched[],
  slots: Slots,
  { now, intervalSeconds }: { readonly now: Date; readonly intervalSeconds: number },
): SweepPlan {
  const ofRound = Math.min(1, intervalSeconds / ROUND_SECONDS);
  const share = Math.ceil(vouched.length * ofRound);
  const first = vouched.filter(({ isFirst }) => isFirst).slice(0, FIRST_IN_LINE * share);
  const keys = new Set(first.map(({ key }) => key));
  const bySlot = Map.groupBy(vouched, ({ key }) => slotOf(key));
  const chosen = new Set<number>();
  const due = dueSlots(slots, now);
  for (const slot of due) {
    const more = (bySlot.get(slot) ?? []).filter(({ key }) => !keys.has(key));
    const ordinary = chosen.size < Math.ceil(SLOTS * ofRound);
    if (!ordinary && more.length > 0 && keys.size + more.length > CATCHING_UP * share) continue;
    chosen.add(slot);
    for (const { key } of more) keys.add(key);
  }
  return { keys, slots: chosen };
}

/** Shares whose turn has come since they were last verified, the oldest first. */
function dueSlots(slots: Slots, now: Date): readonly number[] {
  const seconds = Math.floor(now.getTime() / 1000);
  const verified = (slot: number): number => slots[slot] ?? 0;
  const lastTurn = (slot: number): number => {
    const inRound = (((seconds - slot * SLOT_SECONDS) % ROUND_SECONDS) + ROUND_SECONDS) % ROUND_SECONDS;
    return seconds - inRound;
  };
  return Array.from({ length: SLOTS }, (_, slot) => slot)
    .filter((slot) => verified(slot) < lastTurn(slot))
    .toSorted((a, b) => verified(a) - verified(b) || lastTurn(a) - lastTurn(b));
}

/** The shares after a run that verified these in full at a time. */
export function advanceSlots(slots: Slots, verified: (slot: number) => boolean, at: number): Slots {
  return Array.from({ length: SLOTS }, (_, slot) => (verified(slot) ? at : (slots[slot] ?? 0)));
}

/** 320 characters. */
export function encodeSlots(slots: Slots): string {
  const bytes = Buffer.alloc(SLOTS * 4);
  for (let slot = 0; slot < SLOTS; slot += 1) bytes.writeUInt32BE(slots[slot] ?? 0, slot * 4);
  return bytes.toString('base64url');
}

/** What does not read as written, or lies ahead, was never verified. */
export function decodeSlots(text: string | undefined, now: Date): Slots {
  const bytes = Buffer.from(text ?? '', 'base64url');
  const seconds = now.getTime() / 1000;
  return Array.from({ length: SLOTS }, (_, slot) => {
    const at = bytes.length === SLOTS * 4 ? bytes.readUInt32BE(slot * 4) : 0;
    return at > seconds ? 0 : at;
  });
}
