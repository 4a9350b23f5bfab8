import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface LineProcessOptions {
  readonly cwd?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ends the process. */
  readonly signal: AbortSignal;
}

/** A program that prints a line when it is ready and one for each line that it is given, and ends with its input. */
export interface LineProcess extends AsyncDisposable {
  readonly pid: number;
  /** What it printed when it was ready. */
  readonly greeting: string;
  /** Gives it a line and resolves to its answer. */
  ask(line: string): Promise<string>;
}

const KEPT_CHARACTERS = 4_000;

export async function startLineProcess(file: string, args: readonly string[], options: LineProcessOptions): Promise<LineProcess> {
  const { signal } = options;
  signal.throwIfAborted();
  const child = spawn(file, [...args], {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const kill = (): boolean => child.kill('SIGKILL');
  signal.addEventListener('abort', kill);
  process.on('exit', kill);
  let problems = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    problems = (problems + text).slice(-KEPT_CHARACTERS);
  });
  // Of a program that has ended, the answer that does not come says more.
  child.stdin.on('error', () => undefined);
  const failed = new Promise<never>((_resolve, reject) => {
    child.once('error', (error) => reject(new Error(`${file} could not be started: ${error.message}`)));
    child.once('close', (code, signalName) => {
      signal.removeEventListener('abort', kill);
      process.off('exit', kill);
      reject(signal.aborted ? signal.reason : new Error(`${file} ended with ${signalName ?? code}:\n${problems}`));
    });
  });
  // It may end when nobody asks any more.
  failed.catch(() => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const line = await Promise.race([lines.next(), failed]);
    return line.done === true ? failed : line.value;
  };
  const greeting = await next();
  return {
    pid: child.pid ?? 0,
    greeting,
    async ask(line) {
      child.stdin.write(`${line}\n`);
      return next();
    },
    [Symbol.asyncDispose]: () => end(child),
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.stdin?.end();
  const slow = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await exited;
  clearTimeout(slow);
}
