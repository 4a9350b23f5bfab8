import { spawn } from 'node:child_process';
import { LocalEnvironmentError } from './host.ts';

export interface CommandOptions {
  readonly cwd?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** Exit statuses that are no failure: 0 alone if not given. */
  readonly statuses?: readonly number[];
  /** Called with each line of either output as it comes. */
  readonly onLine?: (line: string) => void;
}

const KEPT_CHARACTERS = 20_000;

/**
 * Runs a command to its end and resolves to its standard output.
 *
 * It runs in a process group of its own, which is ended as a whole when the signal aborts or this process exits: compilers and
 * installers start children that would otherwise go on alone.
 */
export function runCommand(file: string, args: readonly string[], options: CommandOptions): Promise<string> {
  options.signal.throwIfAborted();
  const child = spawn(file, [...args], {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const end = () => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, 'SIGTERM');
    } catch {
      // The group ended between the event and this call.
    }
  };
  options.signal.addEventListener('abort', end);
  process.on('exit', end);

  let stdout = '';
  let tail = '';
  let pending = '';
  const take = (text: string) => {
    tail = (tail + text).slice(-KEPT_CHARACTERS);
    const lines = (pending + text).split('\n');
    pending = lines.pop() ?? '';
    for (const line of lines) options.onLine?.(line);
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    take(text);
  });
  child.stderr.setEncoding('utf8').on('data', take);

  return new Promise<string>((resolve, reject) => {
    child.once('error', (error) => reject(new LocalEnvironmentError(`${file} could not be started: ${error.message}`, { cause: error })));
    child.once('close', (code, signalName) => {
      if (options.signal.aborted) reject(options.signal.reason);
      else if (code !== null && (options.statuses ?? [0]).includes(code)) resolve(stdout);
      else reject(new LocalEnvironmentError(`${file} ${args[0] ?? ''} ended with ${signalName ?? code}:\n${lastLines(tail, 25)}`));
    });
  }).finally(() => {
    options.signal.removeEventListener('abort', end);
    process.off('exit', end);
  });
}

/** The end of an output, for an error's text. */
export function lastLines(text: string, count: number): string {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}
