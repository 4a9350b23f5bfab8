import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** A process, told from a later one that was given the same id. */
export const ProcessIdentity = z.object({
  name: z.string(),
  pid: z.number().int().positive(),
  /** When it started, in the operating system's own words: compared, never parsed. */
  startedAt: z.string(),
  /** The process group it belongs to. */
  group: z.number().int().positive(),
});
export type ProcessIdentity = z.infer<typeof ProcessIdentity>;

/** Identifies a living process; `undefined` if there is none with that id (a zombie has ended). */
export function identifyProcess(name: string, pid: number): ProcessIdentity | undefined {
  const found = process.platform === 'linux' ? readProc(pid) : readPs(pid);
  return found === undefined ? undefined : { name, pid, ...found };
}

/** Whether this very process still runs. */
export function isRunning(identity: ProcessIdentity): boolean {
  return identifyProcess(identity.name, identity.pid)?.startedAt === identity.startedAt;
}

type Found = Pick<ProcessIdentity, 'startedAt' | 'group'>;

function readProc(pid: number): Found | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The command is in parentheses and may hold spaces and parentheses itself; the numbered fields follow the last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, , group] = fields;
  const startedAt = fields[19];
  if (state === 'Z' || group === undefined || startedAt === undefined) return undefined;
  return { startedAt, group: Number(group) };
}

function readPs(pid: number): Found | undefined {
  let line: string;
  try {
    line = execFileSync('ps', ['-o', 'state=,pgid=,lstart=', '-p', String(pid)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return undefined;
  }
  const match = /^\s*(\S+)\s+(\d+)\s+(.+?)\s*$/.exec(line);
  if (match?.[2] === undefined || match[3] === undefined || match[1]?.startsWith('Z')) return undefined;
  return { startedAt: match[3], group: Number(match[2]) };
}
