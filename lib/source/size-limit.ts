import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SourceError } from './source-error.ts';

const LOOK_EVERY_MS = 500;

/**
 * Does the work while watching how large a folder grows: a small pack can unfold to any size. Beyond the limit the work's signal aborts and
 * `SourceError` (`SourceTooLarge`) is thrown.
 */
export async function withinSize<T>(
  directory: string,
  maxBytes: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
  url: string,
): Promise<T> {
  const done = new AbortController();
  const tooLarge = new AbortController();
  const watching = watch(directory, maxBytes, done.signal).then((within) => {
    if (!within) tooLarge.abort(sizeError(url, maxBytes));
  });
  try {
    const result = await work(AbortSignal.any([signal, tooLarge.signal]));
    if (!(await isWithin(directory, maxBytes))) throw sizeError(url, maxBytes);
    return result;
  } finally {
    done.abort();
    await watching;
  }
}

async function watch(directory: string, maxBytes: number, done: AbortSignal): Promise<boolean> {
  while (!done.aborted) {
    if (!(await isWithin(directory, maxBytes))) return false;
    await sleep(LOOK_EVERY_MS, undefined, { signal: done, ref: false }).catch(() => undefined);
  }
  return true;
}

async function isWithin(directory: string, maxBytes: number): Promise<boolean> {
  let bytes = 0;
  const folders = [directory];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    // Git makes and renames files meanwhile: what is gone again counts as nothing.
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) folders.push(path);
      else bytes += (await lstat(path).catch(() => undefined))?.size ?? 0;
      if (bytes > maxBytes) return false;
    }
  }
  return true;
}

function sizeError(url: string, maxBytes: number): SourceError {
  const message = `repository ${url}: what is needed of it has more than ${maxBytes / 1024 / 1024} MB. Move large files out of the path.`;
  return new SourceError('SourceTooLarge', message, { lasting: true });
}
