import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lastLines } from './command.ts';
import { LocalEnvironmentError } from './host.ts';
import { identifyProcess, type ProcessIdentity } from './process-identity.ts';

/** The programs of one environment: started together, watched together, ended together. */
export class Children {
  readonly #logs: string;
  readonly #onExit: (name: string, how: string) => void;
  readonly #running = new Map<string, { readonly child: ChildProcess; readonly identity: ProcessIdentity }>();
  #stopping = false;

  /** `onExit` is told of a program that ends although nobody asked it to. */
  constructor(logs: string, onExit: (name: string, how: string) => void) {
    this.#logs = logs;
    this.#onExit = onExit;
  }

  get identities(): readonly ProcessIdentity[] {
    return [...this.#running.values()].map(({ identity }) => identity);
  }

  /** Starts a program in this process's group, its output in `<logs>/<name>.log`. */
  start(name: string, file: string, args: readonly string[], env: Readonly<Record<string, string | undefined>>, cwd: string): void {
    const log = openSync(this.logFile(name), 'a');
    const child = spawn(file, [...args], { cwd, env: { ...env }, stdio: ['ignore', log, log] });
    closeSync(log);
    child.once('error', (error) => this.#onExit(name, `could not be started: ${error.message}`));
    child.once('exit', (code, signal) => {
      this.#running.delete(name);
      if (!this.#stopping) this.#onExit(name, `ended with ${signal ?? code}`);
    });
    const identity = child.pid === undefined ? undefined : identifyProcess(name, child.pid);
    if (identity !== undefined) this.#running.set(name, { child, identity });
  }

  logFile(name: string): string {
    return join(this.#logs, `${name}.log`);
  }

  /** Asks `ready` until it says yes; fails with the end of the program's log when it has ended or `seconds` have passed. */
  async ready(name: string, seconds: number, ready: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + seconds * 1000;
    while (this.#running.has(name) && Date.now() < deadline) {
      if (await ready().catch(() => false)) return;
      await sleep(50);
    }
    const how = this.#running.has(name) ? `is not ready after ${seconds} s` : 'ended while it started';
    throw new LocalEnvironmentError(`${name} ${how}. The end of its log:\n${lastLines(readFileSync(this.logFile(name), 'utf8'), 15)}`);
  }

  /** Ends every program: their data is thrown away, so only the emulator, which has children of its own, is asked first. */
  async stop(askFirst: readonly string[]): Promise<void> {
    this.#stopping = true;
    for (const name of askFirst) this.#running.get(name)?.child.kill('SIGTERM');
    for (const [name, { child }] of this.#running) if (!askFirst.includes(name)) child.kill('SIGKILL');
    for (let waited = 0; this.#running.size > 0 && waited < 2000; waited += 25) await sleep(25);
    for (const { child } of this.#running.values()) child.kill('SIGKILL');
    for (let waited = 0; this.#running.size > 0 && waited < 2000; waited += 25) await sleep(25);
  }
}
