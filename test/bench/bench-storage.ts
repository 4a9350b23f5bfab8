import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Children } from '../../lib/local/children.ts';
import { emulatorRequirements, LOCAL_REGION, LOCAL_ROOT_KEYS, startEmulator } from '../../lib/local/emulator.ts';
import type { Host } from '../../lib/local/index.ts';
import { freePorts } from '../../lib/local/ports.ts';
import { virtualEnvironment } from '../../lib/local/python.ts';
import { reachOf } from '../helpers/deployed-state.ts';
import { createTables } from '../helpers/tables.ts';
import type { StoredIn } from './engines/ours-settings.ts';

/** An AWS emulator, for the passes that are timed with their storage. */
export interface BenchStorage extends AsyncDisposable {
  /** What an SDK client reads from its environment. */
  readonly env: Readonly<Record<string, string>>;
  /** New tables, bucket and keys: of a deployment that knows of no cluster. */
  createStores(): Promise<StoredIn>;
}

export async function startBenchStorage(host: Host, progress: (message: string) => void, signal: AbortSignal): Promise<BenchStorage> {
  const python = await virtualEnvironment(emulatorRequirements, host, progress, signal);
  await using scope = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'plumbline-bench-'));
  scope.defer(() => rm(directory, { recursive: true, force: true, maxRetries: 3 }));
  await mkdir(join(directory, 'logs'));
  const children = new Children(join(directory, 'logs'), () => undefined);
  scope.defer(() => children.stop(['emulator']));
  const [port = 0] = await freePorts(1);
  const endpoint = `http://127.0.0.1:${port}`;
  // Nobody asks it for a cluster of EKS.
  const settings = { python, node: host.node, directory, port, eksEndpoint: endpoint, path: host.env.PATH ?? '' };
  await startEmulator(children, settings);
  const env = { ...LOCAL_ROOT_KEYS, AWS_REGION: LOCAL_REGION, AWS_ENDPOINT_URL: endpoint, AWS_EC2_METADATA_DISABLED: 'true' };
  const owned = scope.move();
  return {
    env,
    async createStores() {
      const { names, keyIds } = await createTables(reachOf(env));
      const { clusters, state, records, bucket } = names;
      return { clustersTable: clusters, stateTable: state, recordsTable: records, bucket, ...keyIds };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
