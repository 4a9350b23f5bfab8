import { mkdir, readFile, realpath, writeFile } from 'node:fs/promises';
import { basename, join, posix, sep } from 'node:path';
import { isKustomizationFile } from '../render/kustomization.ts';
import { SETTINGS_FILE } from '../settings/index.ts';
import type { FetchedSource } from './artifact.ts';
import type { GitCall } from './git-call.ts';
import { type GitHost, runGit } from './git-command.ts';
import { GitTree } from './git-tree.ts';
import { checkLinks, removeEscapingLinks } from './links.ts';
import type { Repository } from './references.ts';
import { checkRepositoryUrl } from './repository-url.ts';
import { withinSize } from './size-limit.ts';
import { SourceError } from './source-error.ts';
import { growSparseSet, sparsePatterns } from './sparse-set.ts';

/** One commit in a folder of this machine, of which only the paths that were asked for have files. */
export interface Clone extends FetchedSource {
  /**
   * Brings a folder of the repository and everything that its kustomizations refer to into the work tree, and makes sure that no symlink in
   * it leads out. Resolves to a digest of everything that rendering it may read, the same at every commit that has all of it alike. Throws
   * `SourceError`, which concerns this path only.
   */
  include(path: string): Promise<string>;
}

const FETCH_TIMEOUT_SECONDS = 120;
const MAX_BYTES = 400 * 1024 * 1024;
/** Bases of bases of bases; whoever has more gets the full tree. */
const MAX_ROUNDS = 20;

/**
 * Fetches one commit into an empty folder: without its history, and without the contents of its files where the server can do that.
 * Throws `SourceError`.
 */
export async function fetchRevision(
  host: GitHost,
  repository: Repository,
  commit: { readonly reference: string; readonly revision: string },
  directory: string,
  signal: AbortSignal,
): Promise<Clone> {
  const url = checkRepositoryUrl(repository.url, host);
  const command: GitCall = { repository: url, credentials: repository.credentials, directory, timeoutSeconds: FETCH_TIMEOUT_SECONDS };
  const git = (args: readonly string[]) => withinSize(directory, MAX_BYTES, signal, (limited) => runGit(host, command, args, limited), url);

  await git(['init', '--quiet']);
  await git(['remote', 'add', 'origin', url]);
  await git(['config', 'core.sparseCheckout', 'true']);
  // A Git without its templates does not make it.
  await mkdir(join(directory, '.git', 'info'), { recursive: true });
  // A server that cannot filter sends everything, which is as good. What is missing comes on checkout, in one request.
  await git(['fetch', '--quiet', '--depth=1', '--no-tags', '--filter=blob:none', 'origin', commit.revision]);
  const tree = new GitTree(await git(['ls-tree', '-r', '-z', '--full-tree', commit.revision]));

  const checkedOut = new Set<string>();
  const materialise = async (paths: ReadonlySet<string>) => {
    for (const path of paths) checkedOut.add(path);
    await writeFile(join(directory, '.git', 'info', 'sparse-checkout'), sparsePatterns(checkedOut));
    await git(['read-tree', '-m', '-u', commit.revision]);
  };

  const include = async (path: string): Promise<string> => {
    checkPath(tree, path, url, commit.reference);
    const strict = new Set([path]);
    for (let round = 0; ; round++) {
      await materialise(strict);
      const linked = await checkLinks(directory, tree, strict, url);
      const files = tree
        .filesUnder(strict)
        .filter((file) => isKustomizationFile(basename(file)) || file === posix.join(path, SETTINGS_FILE));
      const texts = await Promise.all(files.map(async (file) => [file, await readIfThere(join(directory, file))] as const));
      const referred = growSparseSet(tree, strict, new Map(texts.flatMap(([file, text]) => (text === undefined ? [] : [[file, text]]))));
      if (linked === 'everything' || referred === 'everything' || round === MAX_ROUNDS || tree.kindOf(path) === undefined) break;
      const before = strict.size;
      for (const more of [...linked, ...referred]) strict.add(more);
      if (strict.size === before) return tree.fingerprint(strict);
    }
    await materialise(new Set(['.']));
    await removeEscapingLinks(directory, tree);
    await checkLinks(directory, tree, strict, url);
    await checkFolder(directory, path, url);
    return tree.fingerprint(new Set(['.']));
  };
  return { repository: repository.url, ...commit, directory, submodules: tree.submodules(), include };
}

function checkPath(tree: GitTree, path: string, url: string, reference: string): void {
  const kind = tree.kindOf(path);
  if (kind === 'folder' || kind === 'symlink' || tree.isBehindSymlink(path)) return;
  const what = kind === undefined ? `"${path}" does not exist at ${reference}` : `"${path}" is a ${kind} at ${reference}, not a folder`;
  const remedy = kind === 'submodule' ? 'Submodules are not fetched; register their repository itself' : 'Set path to a folder in it';
  throw new SourceError('PathNotFound', `path of repository ${url}: ${what}. ${remedy}.`, { lasting: true });
}

/** For a path behind symlinks, of which the tree says nothing. */
async function checkFolder(directory: string, path: string, url: string): Promise<void> {
  const root = await realpath(directory);
  const real = await realpath(join(root, path)).catch(() => undefined);
  if (real !== undefined && (real === root || real.startsWith(root + sep))) return;
  const message = `path of repository ${url}: "${path}" goes through a symlink that leads nowhere in the repository. Set path to the folder itself.`;
  throw new SourceError('PathOutsideRepository', message, { lasting: true });
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'EISDIR' || error.code === 'ELOOP')) {
      return undefined;
    }
    throw error;
  }
}
