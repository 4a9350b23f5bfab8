import type { Fact } from '../../records/fact.ts';
import { identityOf } from '../../records/identity.ts';
import type { ObjectRecord } from '../../records/record.ts';
import type { Intent, Inventory } from '../../storage/stores.ts';
import type { Item } from '../decide.ts';
import type { ReconcileDependencies } from '../dependencies.ts';
import { factsOf } from '../facts.ts';
import { declareInventory, sameInventory } from '../inventory.ts';
import type { Session } from '../session.ts';

/** What a run will say of what it is about to write, if that goes well. */
export function intendedFacts(items: readonly Item[]): readonly Fact[] {
  const written = items.filter(({ action }) => action !== 'leave');
  const facts = factsOf(
    written.map((item) => ({ ...item, result: { state: 'left' } })),
    [],
  );
  return facts.filter(({ decision }) => decision === 'applied' || decision === 'corrected');
}

/** What it takes of the session. */
export interface Declaring extends Pick<Session, 'runId' | 'startedAt' | 'open'> {
  readonly row: Pick<Session['row'], 'cluster'>;
  readonly artifact: Pick<Session['artifact'], 'revision'>;
}

/**
 * Stores the inventory as it has to be before the first write, with what the items and `more` are about to do, where that is another than the
 * known one; and returns it. Runs before this one that have no record get theirs first: from then on nothing tells of them. Throws
 * `ArtifactError` with reason `InventoryMoved` when another run has been at the cluster meanwhile.
 */
export async function storeDeclared(
  known: Inventory,
  items: readonly Item[],
  more: readonly Fact[],
  { row, runId, startedAt, artifact, open }: Declaring,
  { artifacts, recorder }: Pick<ReconcileDependencies, 'artifacts' | 'recorder'>,
): Promise<Inventory> {
  const facts = [...intendedFacts(items), ...more];
  const { intents, run } = recorder.prepare({ runId, startedAt: startedAt.toISOString(), revision: artifact.revision, facts });
  const { runs = [], ...rest } = declareInventory(known, items);
  const { own, cutOff = [] } = Object.groupBy(runs, (each) => (each.runId === runId ? 'own' : 'cutOff'));
  for (const each of cutOff) await recorder.recordCutOff(row.cluster, each);
  const writes = more.length > 0 || items.some(({ action }) => action !== 'leave');
  const written = own ?? (writes ? [run] : undefined);
  const declared = withIntents(written === undefined ? rest : { ...rest, runs: written }, intents, open);
  return sameInventory(known, declared) ? known : await artifacts.putInventory(row.cluster, declared);
}

/**
 * What a run that was cut off left is kept until it is recorded: whatever is done to the same object for the same reason is the same record,
 * which may be open already, and may be closed before the run is cut off.
 */
function withIntents(inventory: Inventory, intents: readonly Intent[], open: readonly ObjectRecord[]): Inventory {
  if (intents.length === 0) return inventory;
  const merged = new Map((inventory.intents ?? []).map((intent) => [identityOf(intent.fact), intent]));
  const known = new Map<string, Pick<ObjectRecord, 'id' | 'at'>>([
    ...merged,
    ...open.map((record) => [identityOf(record), record] as const),
  ]);
  for (const intent of intents) {
    const identity = identityOf(intent.fact);
    const { id, at } = known.get(identity) ?? intent;
    merged.set(identity, { ...intent, id, at });
  }
  return { ...inventory, intents: [...merged.values()] };
}
