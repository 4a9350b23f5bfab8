import { existsSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cacheDirectory, withLock } from './cache.ts';
import type { Host } from './host.ts';
import { isRunning, type ProcessIdentity } from './process-identity.ts';
import { type EnvironmentDescription, environmentDirectory, readState } from './state.ts';

export interface RunningEnvironment {
  readonly environment: EnvironmentDescription;
  readonly supervisor: ProcessIdentity;
  /** All of them, the supervisor first. */
  readonly processes: readonly ProcessIdentity[];
}

export type EnvironmentStatus =
  | {
      readonly status: 'running';
      readonly name: string;
      readonly environment: EnvironmentDescription;
      readonly processes: readonly ProcessIdentity[];
    }
  | { readonly status: 'crashed'; readonly name: string; readonly reason: string; readonly logs: string };

/** What there is of an environment; `undefined` for none. */
export async function localEnvironmentStatus(name: string, host: Host): Promise<EnvironmentStatus | undefined> {
  const directory = environmentDirectory(name, host);
  const running = await findRunning(directory);
  if (running !== undefined) return { status: 'running', name, environment: running.environment, processes: running.processes };
  if (!existsSync(directory)) return undefined;
  const state = await readState(directory);
  const reason = state?.crashed ?? 'it is starting, was killed, or does not answer';
  return { status: 'crashed', name, reason, logs: join(directory, 'logs') };
}

/** Names of the environments that have a folder, whatever their state. */
export async function localEnvironmentNames(host: Host): Promise<readonly string[]> {
  const folder = join(cacheDirectory(host), 'environments');
  if (!existsSync(folder)) return [];
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

/** Ends the environment of that name and removes its folder; says whether there was one. */
export async function stopLocalEnvironment(
  name: string,
  host: Host,
  progress: (message: string) => void,
  signal: AbortSignal,
): Promise<boolean> {
  const directory = environmentDirectory(name, host);
  if (!existsSync(directory)) return false;
  return withStartLock(directory, progress, signal, async () => {
    await clean(directory, progress);
    return true;
  });
}

/** One environment of the machine starts or ends at a time: it takes seconds, and a lock for each name would stay behind. */
export async function withStartLock<T>(
  directory: string,
  progress: (message: string) => void,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  const folder = dirname(directory);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const waiting = () => progress('waiting for another local environment that is starting or ending');
  return withLock(join(folder, '.lock'), waiting, signal, work);
}

/** Reads the state and asks the parts: an environment of which one part is gone is not running. */
export async function findRunning(directory: string): Promise<RunningEnvironment | undefined> {
  const state = await readState(directory);
  if (state?.environment === undefined) return undefined;
  const { environment, supervisor } = state;
  const processes = [supervisor, ...state.processes];
  return processes.every(isRunning) && (await answers(environment)) ? { environment, supervisor, processes } : undefined;
}

async function answers(environment: EnvironmentDescription): Promise<boolean> {
  try {
    const response = await fetch(`${environment.aws.AWS_ENDPOINT_URL}/_ministack/health`, { signal: AbortSignal.timeout(5000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

/** Ends what still runs of an environment, whatever state it is in, and removes its folder. */
export async function clean(directory: string, progress: (message: string) => void): Promise<void> {
  const state = await readState(directory);
  if (state !== undefined) {
    if (!isRunning(state.supervisor)) progress(`cleaning up after an environment that ended by itself (${directory})`);
    await endProcesses(state, directory);
  }
  await rm(directory, { recursive: true, force: true });
}

/** Ends processes by the ids that were written down, and only those that are still the ones that were. */
export async function endProcesses(
  state: { readonly supervisor: ProcessIdentity; readonly processes: readonly ProcessIdentity[] },
  directory: string,
): Promise<void> {
  const { supervisor } = state;
  if (isRunning(supervisor)) {
    process.kill(supervisor.pid, 'SIGTERM');
    for (let waited = 0; isRunning(supervisor) && waited < 10_000; waited += 50) await sleep(50);
  }
  // A supervisor that was killed left its children behind, all in its group, whose id stays taken as long as one of them lives.
  const left = [supervisor, ...state.processes].filter((one) => one.group === supervisor.pid && isRunning(one));
  if (left.length > 0) {
    process.kill(-supervisor.pid, 'SIGKILL');
    for (let waited = 0; left.some(isRunning) && waited < 5000; waited += 50) await sleep(50);
  }
  await rm(directory, { recursive: true, force: true });
}
