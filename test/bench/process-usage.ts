import { readdirSync, readFileSync } from 'node:fs';

const NANOSECONDS = 1e9;

/** What a process of any thread has computed so far, in seconds; Linux counts it in nanoseconds. */
export function cpuSecondsOf(pid: number): number {
  const tasks = `/proc/${pid}/task`;
  return readdirSync(tasks).reduce((sum, task) => sum + cpuNanosecondsOfTask(`${tasks}/${task}/schedstat`), 0) / NANOSECONDS;
}

/** A thread may end between the listing and the reading. */
function cpuNanosecondsOfTask(file: string): number {
  try {
    return Number(readFileSync(file, 'utf8').split(' ')[0]);
  } catch {
    return 0;
  }
}

/** The most memory that a process ever had resident. */
export function peakMiBOf(pid: number): number {
  const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kibibytes ?? 0) / 1024;
}
