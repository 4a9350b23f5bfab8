import type { Failure } from '../../errors.ts';
import { parseDuration } from '../../fleet/duration.ts';
import { type KubernetesObject, objectKey } from '../../manifests/object.ts';
import type { PruneSettings } from '../../settings/index.ts';
import type { Inventory } from '../../storage/stores.ts';
import type { WriterIdentity } from '../identity.ts';
import type { Treatment } from '../policy/index.ts';
import { because, firstOf, OBJECT_GUARDS, ORPHAN_GUARDS } from './guards.ts';
import type { RemovedObject } from './removed.ts';

/** What is to become of an object that is no longer in Git. */
export type Verdict =
  | { readonly action: 'delete' }
  /** ISO 8601. */
  | { readonly action: 'wait'; readonly until: string }
  /** The row does not let it be written just now. */
  | ({ readonly action: 'forbidden' } & Treatment)
  /** It is looked at again in each run. */
  | { readonly action: 'keep'; readonly failure: Failure }
  /** It stays for good. */
  | { readonly action: 'orphan'; readonly failure: Failure };

export interface Judging {
  readonly identity: WriterIdentity;
  readonly inventory: Inventory;
  readonly settings: PruneSettings | undefined;
  /** Repository and path of the desired state. */
  readonly source: string;
  /** What becomes of anything that Git changes about an object: `applied`, or why not. */
  readonly treatment: (object: KubernetesObject) => Treatment;
  /** Why nothing is deleted in this run. */
  readonly run: Failure | undefined;
  readonly now: Date;
}

export interface Judgement {
  readonly verdicts: readonly { readonly removed: RemovedObject; readonly verdict: Verdict }[];
  /** What is left of `prune.expect` before this run deletes; undefined where nothing is expected. */
  readonly allowance: Inventory['allowance'];
  /** Whether deletions use it up. */
  readonly usesAllowance: boolean;
}

const DEFAULT_DELAY_SECONDS = 600;
const DEFAULT_LIMIT_PERCENT = 20;
const ALWAYS_ALLOWED = 5;

/** Asks every guard about every object. */
export function judgeRemoved(live: readonly RemovedObject[], judging: Judging): Judgement {
  const { identity, inventory, settings = {}, source } = judging;
  const first = live.map((removed) => ({ removed, verdict: firstVerdict(removed, identity) }));
  const pending = first.filter(({ verdict }) => verdict === undefined).map(({ removed }) => removed);
  const limit = limitOf(inventory, settings);
  const moved = new Set(
    pending.filter(({ entry }) => entry.absent?.moved ?? hasMoved(inventory, source)).map(({ entry }) => objectKey(entry)),
  );
  const allowance = allowanceOf(inventory, settings);
  const exceeds = pending.length > limit;
  const isExpected = allowance !== undefined && isWithin(allowance, pending.length);
  const verdicts = first.map(({ removed, verdict }): Judgement['verdicts'][number] => {
    const treatment = judging.treatment(removed.live);
    if (treatment.decision !== 'applied') return { removed, verdict: { action: 'forbidden', ...treatment } };
    if (verdict !== undefined) return { removed, verdict };
    const { entry } = removed;
    const keep = ({ reason, message }: Failure): Verdict => ({ action: 'keep', failure: because(entry, reason, message) });
    if (judging.run !== undefined) return { removed, verdict: keep(judging.run) };
    if (moved.has(objectKey(entry)) && !isExpected) return { removed, verdict: keep(sourceMoved(inventory, source, pending.length)) };
    if (exceeds && !isExpected) return { removed, verdict: keep(overLimit(pending.length, limit, allowance)) };
    return { removed, verdict: delayed(removed, settings, judging.now) ?? { action: 'delete' } };
  });
  return { verdicts, allowance, usesAllowance: isExpected && (exceeds || moved.size > 0) };
}

function firstVerdict(removed: RemovedObject, identity: WriterIdentity): Verdict | undefined {
  const orphan = firstOf(ORPHAN_GUARDS, removed, identity);
  if (orphan !== undefined) return { action: 'orphan', failure: orphan };
  const failure = firstOf(OBJECT_GUARDS, removed, identity);
  return failure === undefined ? undefined : { action: 'keep', failure };
}

/** An earlier run has to have seen it absent already: one alone may be a mistake that the next commit takes back. */
function delayed({ entry }: RemovedObject, { delay }: PruneSettings, now: Date): Verdict | undefined {
  const seconds = delay === undefined ? DEFAULT_DELAY_SECONDS : (parseDuration(delay) ?? DEFAULT_DELAY_SECONDS);
  const since = entry.absent === undefined ? now.getTime() : Date.parse(entry.absent.since);
  const until = since + seconds * 1000;
  return entry.absent === undefined || now.getTime() < until ? { action: 'wait', until: new Date(until).toISOString() } : undefined;
}

/** How many objects may be deleted at once: a share of all, and a few in any case. */
function limitOf({ objects }: Inventory, { limit = DEFAULT_LIMIT_PERCENT }: PruneSettings): number {
  const kept = objects.filter(({ absent }) => absent?.orphaned !== true).length;
  return Math.max(ALWAYS_ALLOWED, Math.floor((kept * limit) / 100));
}

function overLimit(pending: number, limit: number, allowance: Inventory['allowance']): Failure {
  return {
    reason: 'OverLimit',
    message: `${pending} objects would be deleted, and ${limit} may be at once. If that is right: ${expecting(pending, allowance)}.`,
  };
}

function sourceMoved({ source }: Inventory, now: string, pending: number): Failure {
  const change = source === undefined || source === now ? 'was changed' : `was changed from ${source} to ${now}`;
  return {
    reason: 'SourceMoved',
    message: `the row’s repository and path ${change}, which removes nothing by itself. If ${pending} objects are to be deleted: ${expecting(pending, undefined)}.`,
  };
}

function expecting(pending: number, allowance: Inventory['allowance']): string {
  const wanted = `say \`prune: { expect: ${pending} }\` in plumbline.yaml`;
  if (allowance === undefined) return wanted;
  return allowance.left === allowance.expect
    ? `${wanted}, where it says ${allowance.expect}`
    : `${wanted}; of the ${allowance.expect} that it says now ${allowance.left} are left, so take it out before`;
}

function allowanceOf({ allowance }: Inventory, { expect }: PruneSettings): Inventory['allowance'] {
  if (expect === undefined) return undefined;
  return allowance?.expect === expect ? allowance : { expect, left: expect };
}

/** The number has to be right when the first of them is deleted; what a run that was cut off left over may be fewer. */
function isWithin({ expect, left }: NonNullable<Inventory['allowance']>, pending: number): boolean {
  return left === expect ? pending === expect : pending <= left;
}

export function hasMoved({ source: known }: Inventory, source: string): boolean {
  return known !== undefined && known !== source;
}
