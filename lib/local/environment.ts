import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Access } from './access.ts';
import { lastLines } from './command.ts';
import { controlPlaneBinaries } from './control-plane-binaries.ts';
import { emulatorRequirements } from './emulator.ts';
import { type Host, LocalEnvironmentError } from './host.ts';
import { clean, endProcesses, findRunning, type RunningEnvironment, withStartLock } from './lifecycle.ts';
import { type NodePlanePrograms, nodePlanePrograms } from './node-plane.ts';
import type { ProcessIdentity } from './process-identity.ts';
import { virtualEnvironment } from './python.ts';
import { type EnvironmentDescription, environmentDirectory, readState } from './state.ts';
import { Report, type SupervisorSettings } from './supervisor.ts';
import { toolsDirectory } from './tools.ts';

const SUPERVISOR = fileURLToPath(new URL('./supervisor.ts', import.meta.url));

export interface StartOptions {
  readonly name: string;
  readonly clusters: readonly {
    readonly name: string;
    readonly access: Access;
    /** How many nodes are played, with the controllers and the scheduler that bring pods up on them; none if not given. */
    readonly nodes?: number;
  }[];
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
  release(): Promise<void>;
}

/**
 * Starts a local environment, or finds a healthy one of that name, and removes what is left of one that crashed.
 *
 * Throws `MissingRequirementError` and `LocalEnvironmentError`.
 */
export async function startLocalEnvironment(options: StartOptions): Promise<LocalEnvironment> {
  const { name, host, progress, signal } = options;
  const directory = environmentDirectory(name, host);
  const before = await findRunning(directory);
  if (before !== undefined) return attach(before, options);
  const withNodes = options.clusters.some(({ nodes = 0 }) => nodes > 0);
  const programs = await prepare(withNodes, host, progress, signal);
  return withStartLock(directory, progress, signal, async () => {
    const running = await findRunning(directory);
    if (running !== undefined) return attach(running, options);
    await clean(directory, progress);
    return start(directory, programs, options);
  });
}

function attach(running: RunningEnvironment, options: StartOptions): LocalEnvironment {
  const { environment, processes } = running;
  const list = (clusters: StartOptions['clusters']) =>
    clusters
      .map(({ name, access, nodes }) => `${name}=${access}${nodes === undefined ? '' : ` (${nodes} nodes)`}`)
      .sort()
      .join(',');
  if (list(environment.clusters) !== list(options.clusters))
    throw new LocalEnvironmentError(
      `local environment ${environment.name}: it runs with the clusters ${list(environment.clusters)}, not ${list(options.clusters)}. ` +
        `End it first (plumbline local down --name ${environment.name}), or choose another --name.`,
    );
  options.progress(`${options.name} is already running`);
  return { ...environment, processes, stop: () => endProcesses(running, environment.directory), release: async () => undefined };
}

interface Programs {
  readonly etcd: string;
  readonly apiServer: string;
  readonly python: string;
  readonly toolsDirectory: string;
  readonly nodePlane?: NodePlanePrograms;
}

/** Everything that is made once and kept: minutes on a new machine, nothing afterwards. The quick parts fail first. */
async function prepare(withNodes: boolean, host: Host, progress: StartOptions['progress'], signal: AbortSignal): Promise<Programs> {
  const python = await virtualEnvironment(emulatorRequirements, host, progress, signal);
  const tools = await toolsDirectory(host, progress, signal);
  const binaries = await controlPlaneBinaries(['etcd', 'kube-apiserver'], host, progress, signal);
  const programs = { python, toolsDirectory: tools, etcd: binaries.etcd, apiServer: binaries['kube-apiserver'] };
  return withNodes ? { ...programs, nodePlane: await nodePlanePrograms(host, progress, signal) } : programs;
}

async function start(directory: string, programs: Programs, options: StartOptions): Promise<LocalEnvironment> {
  const { host, progress, signal } = options;
  await mkdir(join(directory, 'logs'), { recursive: true, mode: 0o700 });
  const log = join(directory, 'logs', 'supervisor.log');
  const path = host.env.PATH ?? '';
  const child = forkSupervisor(directory, host.node, path, log);
  const settings: SupervisorSettings = {
    name: options.name,
    directory,
    project: host.project,
    node: host.node,
    path,
    ...programs,
    clusters: options.clusters.map((cluster) => ({ ...cluster, externalId: randomBytes(16).toString('hex') })),
  };
  try {
    child.send({ start: settings });
    await ready(child, log, progress, signal);
  } catch (error) {
    await endChild(child);
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
  // Nothing more is said on the channel. It stays open, so that the supervisor sees it close when this process ends.
  child.unref();
  child.channel?.unref();
  const state = await readState(directory);
  if (state?.environment === undefined)
    throw new LocalEnvironmentError(`local environment ${options.name}: its state could not be read in ${directory}`);
  return {
    ...state.environment,
    processes: [state.supervisor, ...state.processes],
    stop: async () => {
      await endChild(child);
      // What a crash leaves behind is only kept for those who did not stop it.
      await rm(directory, { recursive: true, force: true });
    },
    release: () => release(child),
  };
}

function forkSupervisor(directory: string, node: string, path: string, log: string): ChildProcess {
  const output = openSync(log, 'a');
  try {
    return fork(SUPERVISOR, [], {
      execPath: node,
      execArgv: [],
      // A session of its own: Ctrl-C reaches it through us, and its group can be ended as a whole.
      detached: true,
      cwd: directory,
      env: { PATH: path, HOME: join(directory, 'home'), LANG: 'C.UTF-8' },
      stdio: ['ignore', output, output, 'ipc'],
    });
  } finally {
    closeSync(output);
  }
}

function ready(child: ChildProcess, log: string, progress: (message: string) => void, signal: AbortSignal): Promise<void> {
  const failed = (what: string) => new LocalEnvironmentError(`local environment: ${what}`);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const aborted = () => reject(signal.reason);
  signal.addEventListener('abort', aborted);
  if (signal.aborted) aborted();
  child.on('message', (message) => {
    const report = Report.parse(message);
    if ('progress' in report) progress(report.progress);
    else if ('ready' in report) resolve();
    else reject(failed(report.failed));
  });
  child.once('error', (error) => reject(failed(`its supervisor could not be started: ${error.message}`)));
  child.once('exit', (code, signalName) =>
    reject(failed(`its supervisor ended with ${signalName ?? code}. The end of its log:\n${endOf(log)}`)),
  );
  return promise.finally(() => signal.removeEventListener('abort', aborted));
}

function endOf(log: string): string {
  try {
    return lastLines(readFileSync(log, 'utf8'), 15);
  } catch {
    return '(it could not be read)';
  }
}

async function endChild(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  child.ref();
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}

async function release(child: ChildProcess): Promise<void> {
  // This process must not end before the supervisor is told.
  child.channel?.ref();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  child.send({ release: true }, (error) => (error === null ? resolve() : reject(error)));
  await promise;
  child.disconnect();
}
