import { isUtf8 } from 'node:buffer';
import { lstat, open, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join, posix, sep } from 'node:path';
import { MAX_FILE_BYTES, MAX_FILE_MEGABYTES, type RenderLimits } from './limits.ts';
import { RenderError } from './render-error.ts';

/** Where a render may read, and what is known of it. */
export interface RenderRoot {
  /** The real path of the work tree. */
  readonly directory: string;
  /** Paths in it that are submodules, whose files are not there. */
  readonly submodules: ReadonlySet<string>;
}

const MAX_DEPTH = 50;

/**
 * Looks at every file at or below these paths before a tool reads them. Throws `RenderError` for what a tool would misread, follow for ever
 * or choke on: submodules, Git LFS pointers, symlinks out of the repository or in a circle, files and numbers of files beyond the limits.
 */
export async function checkInputs(root: RenderRoot, paths: Iterable<string>, limits: RenderLimits): Promise<void> {
  let files = 0;
  const seen = new Set<string>();
  const check = async (path: string, parents: readonly string[]): Promise<void> => {
    const real = await realPathInside(root, path);
    if (real === undefined) return;
    if (parents.includes(real)) {
      throw new RenderError('SymlinkLoop', `symlink ${path}: it leads to a folder that it is in. Remove it.`);
    }
    if (parents.length > MAX_DEPTH) throw new RenderError('RenderTooLarge', `${path}: folders are nested deeper than ${MAX_DEPTH}.`);
    const found = await stat(real);
    if (!found.isDirectory()) {
      if (seen.has(real)) return;
      seen.add(real);
      if (++files > limits.files) throw tooManyFiles(path, limits);
      const problem = await problemOfFile(real, found.size);
      if (problem !== undefined) throw new RenderError(problem.reason, `${path}: ${problem.message}`);
      return;
    }
    if (await isSubmodule(root, path)) throw new RenderError('Submodule', `${path}: ${SUBMODULE}`);
    for (const name of (await readdir(real)).toSorted()) if (name !== '.git') await check(posix.join(path, name), [...parents, real]);
  };
  for (const path of paths) await check(path, []);
}

export function tooManyFiles(path: string, { files }: RenderLimits): RenderError {
  return new RenderError('RenderTooLarge', `${path}: there are more than ${files} files. Split them over several paths.`);
}

export const SUBMODULE =
  'it is a submodule, whose files are not fetched. Copy them into the repository, or register their repository itself.';

export async function isSubmodule({ directory, submodules }: RenderRoot, path: string): Promise<boolean> {
  if (submodules.has(path)) return true;
  // A work tree of this machine, where somebody may have checked it out.
  return path !== '.' && (await lstat(join(directory, path, '.git')).catch(() => undefined)) !== undefined;
}

export interface FileProblem {
  readonly reason: 'LfsPointer' | 'RenderTooLarge' | 'NotUtf8';
  readonly message: string;
}

const LFS_POINTER = 'version https://git-lfs.github.com/spec/';

/** What makes a file no manifest, without reading more of it than that takes. */
export async function problemOfFile(file: string, size: number): Promise<FileProblem | undefined> {
  if (size > MAX_FILE_BYTES) {
    const message = `it has ${Math.ceil(size / 1024 / 1024)} MB, more than the ${MAX_FILE_MEGABYTES} MB that one file may have. Split it.`;
    return { reason: 'RenderTooLarge', message };
  }
  if (size > 1024) return undefined;
  await using handle = await open(file);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(LFS_POINTER.length), 0, LFS_POINTER.length, 0);
  if (buffer.subarray(0, bytesRead).toString('latin1') !== LFS_POINTER) return undefined;
  return { reason: 'LfsPointer', message: 'it is a pointer of Git LFS, whose contents are not fetched. Commit the file itself.' };
}

/** Reads a text. Throws `RenderError` when it is not UTF-8: what is read otherwise would be something else than was written. */
export async function readText(root: RenderRoot, file: string): Promise<string> {
  const bytes = await readFile(join(root.directory, file));
  if (isUtf8(bytes)) return bytes.toString('utf8');
  throw new RenderError('NotUtf8', `${file}: it is not UTF-8 text. Save it as UTF-8.`);
}

/** The real path; undefined of a link that leads nowhere. Throws `RenderError` (`PathOutsideRepository`). */
export async function realPathInside({ directory }: RenderRoot, path: string): Promise<string | undefined> {
  const real = await realpath(join(directory, path)).catch(() => undefined);
  if (real === undefined || real === directory || real.startsWith(directory + sep)) return real;
  throw new RenderError(
    'PathOutsideRepository',
    `symlink ${path}: it leads out of the repository. Replace it by a file, or by a link to one inside.`,
  );
}
