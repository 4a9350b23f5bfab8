import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Access } from './access.ts';
import { cacheDirectory, withLock } from './cache.ts';
import { controlPlaneBinaries } from './control-plane-binaries.ts';
import { emulatorRequirements } from './emulator.ts';
import { type Host, LocalEnvironmentError } from './host.ts';
import { identifyProcess, isRunning, type ProcessIdentity } from './process-identity.ts';
import { virtualEnvironment } from './python.ts';
import { type EnvironmentDescription, environmentDirectory, readState } from './state.ts';
import { Report, type SupervisorSettings } from './supervisor.ts';
import { toolsDirectory } from './tools.ts';

const SUPERVISOR = fileURLToPath(new URL('./supervisor.ts', import.meta.url));

export interface StartOptions {
  readonly name: string;
  readonly clusters: readonly { readonly name: string; readonly access: Access }[];
  readonly host: Host;
  readonly progress: (message: string) => void;
  /** Aborting ends everything that was started. */
  readonly signal: AbortSignal;
}

/** A running environment. Whoever holds it ends it, or lets go of it. */
export interface LocalEnvironment extends EnvironmentDescription {
  readonly processes: readonly ProcessIdentity[];
  /** Ends every process and removes the folder. */
  stop(): Promise<void>;
  /** Leaves it running when this process ends: `stopLocalEnvironment` ends it then. Without this call it ends with this process. */
  release(): void;
}

/**
 * Starts a local environment, or finds a healthy one of that name, and removes what is left of one that crashed.
 *
 * Throws `MissingRequirementError` and `LocalEnvironmentError`.
 */
export async function startLocalEnvironment(options: StartOptions): Promise<LocalEnvironment> {
  const { name, host, progress, signal } = options;
  const directory = environmentDirectory(name, host);
  await mkdir(dirname(directory), { recursive: true, mode: 0o700 });
  const waiting = () => progress(`waiting for another run that is starting ${name}`);
  return withLock(lockOf(directory), waiting, signal, async () => {
    const running = await findRunning(directory);
    if (running !== undefined) {
      checkClusters(running.environment, options);
      progress(`${name} is already running`);
      return {
        ...running.environment,
        processes: running.processes,
        stop: () => endProcesses(running, directory),
        release: () => undefined,
      };
    }
    await clean(directory, progress);
    return start(directory, options);
  });
}

function checkClusters(environment: EnvironmentDescription, options: StartOptions): void {
  const list = (clusters: StartOptions['clusters']) =>
    clusters
      .map((cluster) => `${cluster.name}=${cluster.access}`)
      .sort()
      .join(',');
  if (list(environment.clusters) === list(options.clusters)) return;
  throw new LocalEnvironmentError(
    `local environment ${environment.name}: it runs with the clusters ${list(environment.clusters)}, not ${list(options.clusters)}. ` +
      `End it first (plumbline local down --name ${environment.name}), or choose another --name.`,
  );
}

async function start(directory: string, options: StartOptions): Promise<LocalEnvironment> {
  const { host, progress, signal } = options;
  const binaries = await controlPlaneBinaries(['etcd', 'kube-apiserver'], host, progress, signal);
  const python = await virtualEnvironment(emulatorRequirements, host, progress, signal);
  const tools = await toolsDirectory(host, progress, signal);
  await mkdir(directory, { mode: 0o700 });
  const path = host.env.PATH ?? '';
  const child = fork(SUPERVISOR, [], {
    execPath: host.node,
    execArgv: [],
    detached: true,
    cwd: directory,
    env: { PATH: path, HOME: join(directory, 'home'), LANG: 'C.UTF-8' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const settings: SupervisorSettings = {
    name: options.name,
    directory,
    project: host.project,
    node: host.node,
    path,
    python,
    etcd: binaries.etcd,
    apiServer: binaries['kube-apiserver'],
    toolsDirectory: tools,
    clusters: options.clusters.map((cluster) => ({ ...cluster, externalId: randomBytes(16).toString('hex') })),
  };
  child.send({ start: settings });
  try {
    await ready(child, progress, signal);
  } catch (error) {
    await endChild(child);
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
  // Nothing more is said on the channel: it stays open to tell the supervisor that this process lives, and keeps neither from ending.
  child.unref();
  child.channel?.unref();
  const state = await readState(directory);
  if (state?.environment === undefined)
    throw new LocalEnvironmentError(`local environment ${options.name}: its state could not be read in ${directory}`);
  return {
    ...state.environment,
    processes: [state.supervisor, ...state.processes],
    stop: () => endChild(child),
    release: () => {
      child.send({ release: true }, () => child.disconnect());
    },
  };
}

function ready(child: ChildProcess, progress: (message: string) => void, signal: AbortSignal): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    const aborted = () => reject(signal.reason);
    signal.addEventListener('abort', aborted, { once: true });
    if (signal.aborted) aborted();
    child.on('message', (message) => {
      const report = Report.parse(message);
      if ('progress' in report) progress(report.progress);
      else if ('ready' in report) resolve();
      else reject(new LocalEnvironmentError(`local environment: ${report.failed}`));
    });
    child.once('error', (error) =>
      reject(new LocalEnvironmentError(`local environment: its supervisor failed: ${error.message}`, { cause: error })),
    );
    child.once('exit', (code, signalName) =>
      reject(new LocalEnvironmentError(`local environment: its supervisor ended with ${signalName ?? code}`)),
    );
  });
}

async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.ref();
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
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
  return withLock(
    lockOf(directory),
    () => progress(`waiting for another run that is starting ${name}`),
    signal,
    async () => {
      await clean(directory, progress);
      return true;
    },
  );
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
  return { status: 'crashed', name, reason: state?.crashed ?? 'it was killed, or does not answer', logs: join(directory, 'logs') };
}

/** Names of the environments that have a folder: running, starting or crashed. */
export async function localEnvironmentNames(host: Host): Promise<readonly string[]> {
  try {
    const entries = await readdir(join(cacheDirectory(host), 'environments'), { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch {
    return [];
  }
}

interface RunningEnvironment {
  readonly environment: EnvironmentDescription;
  readonly processes: readonly ProcessIdentity[];
  readonly supervisor: ProcessIdentity;
}

/** Reads the state and asks every part: an environment of which one part is gone is not running. */
async function findRunning(directory: string): Promise<RunningEnvironment | undefined> {
  const state = await readState(directory);
  if (state?.environment === undefined) return undefined;
  const processes = [state.supervisor, ...state.processes];
  if (!processes.every(isRunning) || !(await answers(state.environment))) return undefined;
  return { environment: state.environment, processes, supervisor: state.supervisor };
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
async function clean(directory: string, progress: (message: string) => void): Promise<void> {
  const state = await readState(directory);
  if (state !== undefined) {
    if (state.crashed !== undefined || !isRunning(state.supervisor))
      progress(`cleaning up after an environment that ended by itself (${directory})`);
    await endProcesses(state, directory);
  }
  await rm(directory, { recursive: true, force: true });
}

/** By the ids that were written down, and only where the process is the one that was written down. */
async function endProcesses(
  state: { readonly supervisor: ProcessIdentity; readonly processes: readonly ProcessIdentity[] },
  directory: string,
): Promise<void> {
  const { supervisor } = state;
  if (isRunning(supervisor)) {
    process.kill(supervisor.pid, 'SIGTERM');
    for (let waited = 0; isRunning(supervisor) && waited < 10_000; waited += 50) await sleep(50);
  }
  // A supervisor that was killed left its children behind, all in its group, and the group's id is taken as long as one of them lives.
  const left = [supervisor, ...state.processes].filter((one) => identifyProcess(one.name, one.pid)?.startedAt === one.startedAt);
  if (left.some((one) => one.group === supervisor.pid)) {
    process.kill(-supervisor.pid, 'SIGKILL');
    for (let waited = 0; left.some(isRunning) && waited < 5000; waited += 50) await sleep(50);
  }
  await rm(directory, { recursive: true, force: true });
}

function lockOf(directory: string): string {
  return `${directory}.lock`;
}
