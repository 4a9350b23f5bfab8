import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** An environment variable with a value that no other process has, by which a process and all that it started are known. */
export interface ProcessMark {
  readonly name: string;
  readonly value: string;
}

const MAX_LOOKS = 50;

/**
 * Ends every process that carries the mark: Git's helpers, which go on waiting for a silent server when Git itself was ended. Elsewhere than
 * on Linux they end by Git's own limit on silence.
 */
export async function endMarkedProcesses(mark: ProcessMark): Promise<void> {
  // Ending takes a moment, and one that was just being started is met on the next look.
  for (let look = 0; look < MAX_LOOKS; look++) {
    const found = await markedProcesses(mark);
    if (found.length === 0) return;
    for (const pid of found) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended between the look and this.
      }
    }
    await sleep(20);
  }
}

async function markedProcesses({ name, value }: ProcessMark): Promise<readonly number[]> {
  const entries = await readdir('/proc').catch(() => []);
  const pids = entries.filter((entry) => /^\d+$/.test(entry)).map(Number);
  const environments = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')));
  return pids.filter((_, index) => environments[index]?.split('\0').includes(`${name}=${value}`));
}
