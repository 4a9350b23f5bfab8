import { readlink, realpath, rm } from 'node:fs/promises';
import { join, posix, sep } from 'node:path';
import { type GitTree, isCovered } from './git-tree.ts';
import { SourceError } from './source-error.ts';
import { isOutside } from './sparse-set.ts';

/**
 * Follows the symlinks at or below these paths. Resolves to what they point to inside the repository that must be checked out too, or
 * `'everything'` when that goes through another symlink. Throws `SourceError` (`PathOutsideRepository`) for one that leads out.
 */
export async function checkLinks(
  directory: string,
  tree: GitTree,
  paths: ReadonlySet<string>,
  url: string,
): Promise<ReadonlySet<string> | 'everything'> {
  const root = await realpath(directory);
  const targets = new Set<string>();
  let everything = false;
  for (const link of linksUnder(tree, paths)) {
    const target = posix.normalize(posix.join(posix.dirname(link), await readTarget(root, link)));
    if ((await escapes(root, link)) || isOutside(target) || isCovered(target, GIT_FOLDER)) {
      throw new SourceError(
        'PathOutsideRepository',
        `symlink ${link} of repository ${url}: it leads out of the repository. Replace it by a file, or by a link to one inside.`,
        { lasting: true },
      );
    }
    if (isCovered(target, paths)) continue;
    if (tree.kindOf(target) !== undefined) targets.add(target);
    else if (tree.isBehindSymlink(target)) everything = true;
  }
  return everything ? 'everything' : targets;
}

/** Takes every symlink that leads out of the work tree from it: those of other paths, which must not stop this one. */
export async function removeEscapingLinks(directory: string, tree: GitTree): Promise<void> {
  const root = await realpath(directory);
  for (const link of linksUnder(tree, new Set(['.']))) {
    const target = posix.normalize(posix.join(posix.dirname(link), await readTarget(root, link)));
    if (isOutside(target) || (await escapes(root, link))) await rm(join(root, link), { force: true });
  }
}

/** Git's own folder is in the work tree, but not of the repository. */
const GIT_FOLDER: ReadonlySet<string> = new Set(['.git']);

function linksUnder(tree: GitTree, paths: ReadonlySet<string>): readonly string[] {
  return tree.filesUnder(paths).filter((file) => tree.kindOf(file) === 'symlink');
}

/** Absolute targets stay absolute; a link that is not checked out counts as one to its own folder. */
async function readTarget(root: string, link: string): Promise<string> {
  const target = await ifThere(readlink(join(root, link)));
  // `join` would make an absolute target relative to the link.
  if (target !== undefined && posix.isAbsolute(target)) return '../'.repeat(link.split('/').length);
  return target ?? '.';
}

/** Asks the file system, since links through links can lead where their texts do not say. */
async function escapes(root: string, link: string): Promise<boolean> {
  const real = await ifThere(realpath(join(root, link)));
  return real !== undefined && real !== root && !real.startsWith(root + sep);
}

async function ifThere(path: Promise<string>): Promise<string | undefined> {
  try {
    return await path;
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ELOOP' || error.code === 'ENOTDIR')) {
      return undefined;
    }
    throw error;
  }
}
