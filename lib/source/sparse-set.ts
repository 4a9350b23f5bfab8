import { posix } from 'node:path';
import { isRemoteReference, type KustomizationReferences, readKustomization } from '../render/kustomization.ts';
import { parseSettings, SETTINGS_FILE } from '../settings/index.ts';
import { type GitTree, isCovered } from './git-tree.ts';

/**
 * The paths that must be in the work tree besides those that are there, given the texts of the kustomizations and settings in them: `'everything'` when a
 * kustomization refers to files in a way that is not known here, or through a symlinked folder. References that leave the repository or
 * name nothing in it are left out: Kustomize says what is wrong with them.
 */
export function growSparseSet(
  tree: GitTree,
  paths: ReadonlySet<string>,
  texts: ReadonlyMap<string, string>,
): ReadonlySet<string> | 'everything' {
  const more = new Set<string>();
  for (const [file, text] of texts) {
    const { references, complete } = referencesOf(file, text);
    if (!complete) return 'everything';
    for (const reference of references) {
      const target = posix.normalize(posix.join(posix.dirname(file), reference)).replace(/\/$/, '');
      if (isOutside(target) || isCovered(target, paths)) continue;
      if (tree.kindOf(target) !== undefined) more.add(target);
      else if (tree.isBehindSymlink(target)) return 'everything';
      else if (!isRemoteReference(reference) && reference.includes('*')) return 'everything';
    }
  }
  return more;
}

function referencesOf(file: string, text: string): Pick<KustomizationReferences, 'references' | 'complete'> {
  if (posix.basename(file) !== SETTINGS_FILE) return readKustomization(text);
  const read = parseSettings(text);
  return { references: 'settings' in read ? (read.settings.helm?.valuesFiles ?? []) : [], complete: true };
}

/** Whether a normalised path, relative to the repository, is not inside it. */
export function isOutside(path: string): boolean {
  return path === '..' || path.startsWith('../') || posix.isAbsolute(path);
}

/** The lines of Git's `info/sparse-checkout` for these paths. */
export function sparsePatterns(paths: ReadonlySet<string>): string {
  if (paths.has('.')) return '/*\n';
  return [...paths].map((path) => `/${path.replaceAll(/[\\*?[\]!# ]/g, '\\$&')}\n`).join('');
}
