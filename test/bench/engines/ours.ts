import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchCluster } from '../bench-cluster.ts';
import type { BenchStorage } from '../bench-storage.ts';
import type { Workload } from '../rows.ts';
import type { StartEngine } from './engine.ts';
import { startNodeEngine } from './node-engine.ts';
import { type OursSettings, StoredIn } from './ours-settings.ts';

/** `reconcileCluster` with its stores in memory: the judged clock has no storage in it, as Flux's has none. */
export function oursEngine(bundle: string, signal: AbortSignal): StartEngine {
  return (workload, cluster, { file }, directory) =>
    startNodeEngine({ bundle, settings: settingsOf(workload, cluster, file, directory), env: {}, directory, signal });
}

/** The same with the stores of a deployment, on the emulator: for the clock that runs from the message to the stored record. */
export function oursStoredEngine(bundle: string, storage: BenchStorage, signal: AbortSignal): StartEngine {
  return async (workload, cluster, { file }, directory) => {
    const storedIn = await storesOf(storage, join(directory, 'stores.json'));
    const settings = { ...settingsOf(workload, cluster, file, directory), storedIn };
    return startNodeEngine({ bundle, settings, env: storage.env, directory, signal });
  };
}

/** Of one cluster the same for all its processes. */
async function storesOf(storage: BenchStorage, file: string): Promise<StoredIn> {
  if (!existsSync(file)) writeFileSync(file, JSON.stringify(await storage.createStores()));
  return StoredIn.parse(JSON.parse(readFileSync(file, 'utf8')));
}

function settingsOf(workload: Workload, { wire, controlPlane }: BenchCluster, objects: string, directory: string): OursSettings {
  const { certificateAuthority, adminToken } = controlPlane;
  return { endpoint: wire.endpoint, certificateAuthority, adminToken, objects, kept: join(directory, 'kept'), workload };
}
