import { isUtf8 } from 'node:buffer';
import { spawn } from 'node:child_process';
import { MAX_FILE_BYTES, MAX_FILE_MEGABYTES, MAX_WRITTEN_MEGABYTES, type RenderLimits } from './limits.ts';

export interface ToolCommand {
  readonly file: string;
  readonly args: readonly string[];
  /** An existing folder, in which it runs. */
  readonly directory: string;
  /** Everything that it sees of the environment. */
  readonly environment: Readonly<Record<string, string>>;
}

/** What a tool printed, or why it did not. `limit` says in words which one it ran into. */
export type ToolResult =
  | { readonly output: string }
  | { readonly limit: 'time' | 'size' | 'memory'; readonly words: string }
  | { readonly said: string };

const MAX_SAID_BYTES = 64 * 1024;

/** The shell sets the limits and becomes the tool. They are in kilobytes, and in blocks of 512 bytes. */
const WITH_LIMITS = 'ulimit -d "$1" 2>/dev/null; ulimit -f "$2" 2>/dev/null; shift 2; exec "$@"';

/**
 * Runs a tool within the limits. When it exceeds one, or the signal aborts, it is ended with everything that it has started; then an abort
 * throws the signal's reason.
 */
export async function runTool(command: ToolCommand, limits: RenderLimits, signal: AbortSignal): Promise<ToolResult> {
  signal.throwIfAborted();
  const { memoryMegabytes, seconds } = limits;
  const shell = ['-c', WITH_LIMITS, 'sh', String(memoryMegabytes * 1024), String(MAX_WRITTEN_MEGABYTES * 2048)];
  // A group of its own, which ends as one: Kustomize starts Helm and Git.
  const child = spawn('/bin/sh', [...shell, command.file, ...command.args], {
    cwd: command.directory,
    env: { ...command.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const endAll = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // All of them have ended.
    }
  };
  let exceeded: 'time' | 'size' | undefined;
  const exceed = (limit: 'time' | 'size') => {
    exceeded ??= limit;
    endAll();
  };
  const timer = setTimeout(() => exceed('time'), seconds * 1000);
  signal.addEventListener('abort', endAll);
  const output: Buffer[] = [];
  const said: Buffer[] = [];
  let outputBytes = 0;
  let saidBytes = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    outputBytes += chunk.length;
    if (outputBytes > MAX_FILE_BYTES) exceed('size');
    else output.push(chunk);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    saidBytes += chunk.length;
    if (saidBytes <= MAX_SAID_BYTES) said.push(chunk);
  });
  try {
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    child.once('error', (error) => resolve(`it could not be run: ${error.message}`));
    child.once('close', (code, killedBy) => resolve(code === 0 ? undefined : `it ended with ${killedBy ?? `exit status ${code}`}`));
    const failure = await promise;
    signal.throwIfAborted();
    if (exceeded !== undefined) return { limit: exceeded, words: wordsOf(exceeded, limits) };
    if (failure === undefined) {
      const bytes = Buffer.concat(output);
      return isUtf8(bytes) ? { output: bytes.toString('utf8') } : { said: 'it printed text that is not UTF-8' };
    }
    const text = Buffer.concat(said).toString('utf8');
    if (/fatal error: (runtime: )?(out of memory|cannot allocate memory)|runtime: out of memory/.test(text)) {
      return { limit: 'memory', words: wordsOf('memory', limits) };
    }
    return { said: text.trim() === '' ? failure : text };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', endAll);
    // What it left running would go on reading files that are about to be removed.
    endAll();
  }
}

function wordsOf(limit: 'time' | 'size' | 'memory', { seconds, memoryMegabytes }: RenderLimits): string {
  if (limit === 'time') return `it was not done within ${seconds} s`;
  if (limit === 'memory') return `it needs more than ${memoryMegabytes} MB of memory`;
  return `it builds to more than ${MAX_FILE_MEGABYTES} MB`;
}
