import { readFile, stat } from 'node:fs/promises';
import { posix } from 'node:path';
import { isRemoteReference, KUSTOMIZATION_FILES, readKustomization } from './kustomization.ts';
import { RenderError } from './render-error.ts';

const MAX_KUSTOMIZATIONS = 1000;

/**
 * Resolves to the files and folders that the kustomization in `folder` (below `root`) leads to. Throws `RenderError` (`RemoteBase`) if it, or one that it refers
 * to, names another repository or a file to download: what is rendered must be what the commit says, and nothing is fetched from elsewhere.
 */
export async function followLocalReferences(root: string, folder: string): Promise<ReadonlySet<string>> {
  const folders = [folder];
  const seen = new Set(folders);
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    const found = await readKustomizationIn(root, next);
    if (found === undefined) continue;
    for (const reference of readKustomization(found.text).references) {
      const target = posix.normalize(posix.join(next, reference));
      const isLocal = !target.startsWith('..') && (await exists(posix.join(root, target)));
      if (!isLocal && isRemoteReference(reference)) {
        throw new RenderError(
          'RemoteBase',
          `${found.file}: "${withoutUser(reference)}" is in another repository or on another server. Only files of this repository are rendered; copy it into the repository.`,
        );
      }
      if (!isLocal || seen.has(target)) continue;
      if (seen.size >= MAX_KUSTOMIZATIONS)
        throw new RenderError('RenderTooLarge', `${found.file}: it leads to more than ${MAX_KUSTOMIZATIONS} folders and files.`);
      seen.add(target);
      folders.push(target);
    }
  }
  return seen;
}

async function readKustomizationIn(root: string, folder: string): Promise<{ file: string; text: string } | undefined> {
  for (const name of KUSTOMIZATION_FILES) {
    const file = posix.join(folder, name);
    try {
      return { file, text: await readFile(posix.join(root, file), 'utf8') };
    } catch {
      // Not there, or `folder` is a file: Kustomize says so if it matters.
    }
  }
  return undefined;
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

function withoutUser(reference: string): string {
  return reference.replace(/\/\/[^/@]*@/, '//');
}
