import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from './host.ts';

/** Where everything that is slow to make is kept between runs and checkouts: `${XDG_CACHE_HOME:-~/.cache}/plumbline`. */
export function cacheDirectory(host: Host): string {
  const base = host.env.XDG_CACHE_HOME;
  return join(base?.startsWith('/') ? base : join(host.home, '.cache'), 'plumbline');
}

const SQLITE_BUSY = 5;

/**
 * Runs `work` while no other process holds the lock of that name, and waits for one that does; `waiting` is called once if so.
 *
 * The lock is SQLite's lock on a file: the kernel lets go of it when a process dies, however it dies, so none is ever stale.
 */
export async function withLock<T>(path: string, waiting: () => void, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  using lock = new DatabaseSync(path);
  let told = false;
  while (!tryLock(lock)) {
    if (!told) waiting();
    told = true;
    await sleep(200, undefined, { signal });
  }
  return await work();
}

function tryLock(lock: DatabaseSync): boolean {
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) return false;
    throw error;
  }
}

/** A thing in the cache: made under another name and renamed, so that it is there whole or not at all. */
export interface CachedThing {
  /** Final path: a file or a folder. Its name says the version, since what is there is never made again. */
  readonly path: string;
  readonly isThere: (path: string) => boolean;
  readonly make: (temporaryPath: string) => Promise<void>;
}

/** Makes the thing unless it is there; of two runs at once, one makes it and the other waits and uses it. */
export async function cached(thing: CachedThing, progress: (message: string) => void, signal: AbortSignal): Promise<string> {
  if (thing.isThere(thing.path)) return thing.path;
  await mkdir(join(thing.path, '..'), { recursive: true });
  const waiting = () => progress(`waiting for another run that is making ${thing.path}`);
  return withLock(`${thing.path}.lock`, waiting, signal, async () => {
    if (thing.isThere(thing.path)) return thing.path;
    // Under the lock nobody else uses this name: what is there was left by a run that died.
    const temporary = `${thing.path}.making`;
    await rm(temporary, { recursive: true, force: true });
    try {
      await thing.make(temporary);
      signal.throwIfAborted();
      await rename(temporary, thing.path);
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
    return thing.path;
  });
}
