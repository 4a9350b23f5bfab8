import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { deserialize, serialize } from 'node:v8';
import type { Clock } from '../../../lib/clock.ts';
import type { ClusterState } from '../../../lib/fleet/cluster.ts';
import { identityOf, type ObjectRecord } from '../../../lib/records/index.ts';
import type { Inventory, RecordStore } from '../../../lib/storage/stores.ts';
import { type MemoryStores, memoryStores } from '../../helpers/memory-stores.ts';

/** What one run leaves for the next. */
interface Kept {
  readonly state: ClusterState | undefined;
  readonly inventory: Omit<Inventory, 'version'> | undefined;
  readonly checkpoint: string | undefined;
  readonly open: readonly ObjectRecord[];
}

/** The stores in memory, and a way to have them again in the next process. */
export interface KeptStores {
  readonly stores: MemoryStores;
  /** Writes down what they hold. */
  keep(): Promise<void>;
}

/** Stores in memory, as the last process on this file left them. */
export async function openKeptStores(file: string, cluster: string, clock: Clock): Promise<KeptStores> {
  const stores = { ...memoryStores(clock), records: openRecords() };
  if (existsSync(file)) {
    const { state, inventory, checkpoint, open }: Kept = deserialize(readFileSync(file));
    if (state !== undefined) await stores.state.update(cluster, state);
    if (inventory !== undefined) await stores.artifacts.putInventory(cluster, inventory);
    if (checkpoint !== undefined) await stores.artifacts.putCheckpoint(cluster, checkpoint);
    for (const record of open) await stores.records.transition(record);
  }
  return {
    stores,
    async keep() {
      const inventory = await stores.artifacts.getInventory(cluster);
      const kept: Kept = {
        state: await stores.state.get(cluster),
        inventory: inventory === undefined ? undefined : withoutVersion(inventory),
        checkpoint: await stores.artifacts.getCheckpoint(cluster),
        open: await stores.records.listOpen(cluster),
      };
      writeFileSync(file, serialize(kept), { mode: 0o600 });
    },
  };
}

/** The next process starts with none stored. */
function withoutVersion({ version: _ofThisProcess, ...inventory }: Inventory): Omit<Inventory, 'version'> {
  return inventory;
}

/** No run asks for a record that is closed: in a deployment it would be in a table, and in no run's memory. */
function openRecords(): RecordStore {
  const open = new Map<string, ObjectRecord>();
  return {
    put: async () => undefined,
    putIfAbsent: async () => true,
    query: async () => [],
    listOpen: async () => [...open.values()],
    async transition(record) {
      const key = identityOf(record);
      const known = open.get(key);
      if (known !== undefined && (known.id !== record.id || known.sequence >= record.sequence)) return false;
      if (record.resolvedAt === undefined) open.set(key, record);
      else open.delete(key);
      return true;
    },
  };
}
