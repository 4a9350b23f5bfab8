import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Runs a program without a shell and returns its standard output, trimmed. Rejects with what it printed on standard error. */
export async function runCommand(
  program: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string | undefined>>; readonly signal?: AbortSignal } = {},
): Promise<string> {
  const { stdout } = await execute(program, [...args], {
    timeout: 60_000,
    maxBuffer: 16 * 1024 * 1024,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: { ...process.env, ...options.env } }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  return stdout.trim();
}
