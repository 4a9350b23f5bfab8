import { objectKey } from '../../manifests/object.ts';
import type { AbsentFromGit, Inventory, InventoryObject } from '../../storage/stores.ts';
import type { Pruned } from './delete.ts';
import { hasMoved, type Judgement } from './judge.ts';
import type { Removed } from './removed.ts';

export interface Pruning {
  readonly removed: Removed;
  readonly judgement: Judgement;
  readonly pruned: readonly Pruned[];
}

/** The inventory as the next run has to find it: what was deleted is out of it, and what stays says since when it has been absent. */
export function rememberPruning(
  inventory: Inventory,
  { removed, judgement, pruned }: Pruning,
  { source, now }: { readonly source: string; readonly now: string },
): Inventory {
  if (!removed.known) return inventory;
  const outcomes = new Map(pruned.map((one) => [objectKey(one.removed.entry), one]));
  const first: AbsentFromGit = { since: now, ...(hasMoved(inventory, source) ? { moved: true } : {}) };
  const objects = inventory.objects.flatMap((entry): readonly InventoryObject[] => {
    const key = objectKey(entry);
    const one = outcomes.get(key);
    if (removed.gone.has(key) || (one?.outcome.action === 'deleted' && one.outcome.gone)) return [];
    if (one === undefined && !removed.unknown.has(key)) return [entry.absent?.orphaned === true ? entry : present(entry)];
    const uid = entry.uid ?? one?.removed.live.metadata.uid;
    const orphaned = one?.outcome.action === 'orphan' ? { orphaned: true as const } : {};
    return [{ ...entry, ...(uid === undefined ? {} : { uid }), absent: { ...(entry.absent ?? first), ...orphaned } }];
  });
  const { allowance: _before, ...rest } = inventory;
  const allowance = allowanceAfter(inventory, judgement, pruned);
  return { ...rest, objects, source, ...(allowance === undefined ? {} : { allowance }) };
}

/** An object that is in Git, or is again. */
export function present({ absent: _absent, ...entry }: InventoryObject): InventoryObject {
  return entry;
}

/** What is expected holds once: each deletion uses it up. One that was not needed is not begun. */
function allowanceAfter(
  { allowance: before }: Inventory,
  { allowance, usesAllowance }: Judgement,
  pruned: readonly Pruned[],
): Inventory['allowance'] {
  if (allowance === undefined || !usesAllowance) return allowance?.expect === before?.expect ? before : undefined;
  const deleted = pruned.filter(({ outcome }) => outcome.action === 'deleted').length;
  return { ...allowance, left: Math.max(0, allowance.left - deleted) };
}
