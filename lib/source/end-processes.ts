import { readdir, readlink, realpath } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Ends every process that runs in a folder: Git's helpers, which go on waiting for a silent server when Git itself was ended. The folder is
 * one that was made for this work, so that nobody else is in it. Elsewhere than on Linux they end by Git's own limit on silence.
 */
export async function endProcessesIn(directory: string): Promise<void> {
  const folder = await realpath(directory).catch(() => directory);
  // Ending takes a moment, and one that was just being started is met on the next look.
  for (let look = 0; look < MAX_LOOKS; look++) {
    const found = await processesIn(folder);
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

const MAX_LOOKS = 50;

async function processesIn(folder: string): Promise<readonly number[]> {
  const names = await readdir('/proc').catch(() => []);
  const pids = names.filter((name) => /^\d+$/.test(name)).map(Number);
  const folders = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => undefined)));
  return pids.filter((pid, index) => folders[index] === folder && pid !== process.pid);
}
