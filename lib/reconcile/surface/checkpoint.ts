import { z } from 'zod';
import type { ObjectFacts } from './object-facts.ts';

/** What an object's metadata said when the object was last seen equal to Git with nothing open. */
export interface CheckpointEntry extends Omit<ObjectFacts, 'terminating' | 'resourceVersion'> {
  /** What had a hand in objects of its kind then: `epochOf` in `environment.ts`. */
  readonly epoch: string;
  /** Seconds since 1970. */
  readonly verifiedAt: number;
}

/** What all entries rest on: a checkpoint of another cluster, writer or settings vouches for nothing. */
export interface Basis {
  readonly clusterUid: string;
  readonly owner: string;
  readonly fieldManager: string;
  /** Hash of the settings that came with the artifact, and of what its autoscalers make of them. */
  readonly settings: string;
  /** Whether our label and ownership were looked at too, as they are where we write. */
  readonly strict: boolean;
}

/** A cache: losing it makes the next run verify every object, and costs nothing else. */
export interface Checkpoint {
  readonly basis: Basis;
  /** The resourceVersion of each kind's list when the checkpoint was written. */
  readonly versions: ReadonlyMap<string, string>;
  /** By the object's key. */
  readonly entries: ReadonlyMap<string, CheckpointEntry>;
}

const DECIMAL = /^\d{1,40}$/;

/** A server whose storage was set back may use versions again that we know with another content. */
export function wentBack(now: string, before: string | undefined): boolean {
  if (before === undefined || !DECIMAL.test(before)) return false;
  return !DECIMAL.test(now) || BigInt(now) < BigInt(before);
}

/** Raised whenever equal metadata would mean something else, or is written differently: older ones are then made anew. */
const FORMAT = 1;

/** A million objects; what is larger is not ours. */
const MAXIMUM_CHARACTERS = 128 * 1024 * 1024;

const Stored = z.strictObject({
  format: z.literal(FORMAT),
  clusterUid: z.string(),
  owner: z.string(),
  fieldManager: z.string(),
  settings: z.string(),
  strict: z.boolean(),
  versions: z.array(z.tuple([z.string(), z.string()])),
  epochs: z.array(z.string()),
  /** Key, uid, generation, hash, position of its epoch, time of its verification. */
  objects: z.array(z.tuple([z.string(), z.string(), z.int().nonnegative(), z.string(), z.int().nonnegative(), z.int().nonnegative()])),
});

export function encodeCheckpoint({ basis, versions, entries }: Checkpoint): string {
  const epochs = [...new Set([...entries.values()].map(({ epoch }) => epoch))];
  const positions = new Map(epochs.map((epoch, position) => [epoch, position]));
  const objects = [...entries].map(([key, { uid, generation, fields, epoch, verifiedAt }]) => [
    key,
    uid,
    generation,
    fields,
    positions.get(epoch),
    verifiedAt,
  ]);
  return JSON.stringify({ format: FORMAT, ...basis, versions: [...versions], epochs, objects } satisfies Record<
    keyof z.infer<typeof Stored>,
    unknown
  >);
}

/** Undefined where it is none, another's, or rests on something else: then every object is a candidate. */
export function decodeCheckpoint(text: string | undefined, basis: Basis): Checkpoint | undefined {
  const stored = text === undefined || text.length > MAXIMUM_CHARACTERS ? undefined : parse(text);
  if (stored === undefined || !isUsable(stored, basis)) return undefined;
  const { versions, epochs, objects, strict } = stored;
  const entries = new Map(
    objects.map(([key, uid, generation, fields, epoch, verifiedAt]) => [
      key,
      { uid, generation, fields, epoch: epochs[epoch] ?? '', verifiedAt },
    ]),
  );
  return { basis: { ...basis, strict }, versions: new Map(versions), entries };
}

function parse(text: string): z.infer<typeof Stored> | undefined {
  try {
    return Stored.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** What was equal down to label and ownership is equal without them too, and not the other way round. */
function isUsable(stored: Basis, basis: Basis): boolean {
  return (
    stored.clusterUid === basis.clusterUid &&
    stored.owner === basis.owner &&
    stored.fieldManager === basis.fieldManager &&
    stored.settings === basis.settings &&
    (stored.strict || !basis.strict)
  );
}
