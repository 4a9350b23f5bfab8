import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join, posix, sep } from 'node:path';
import { isKustomizationFile } from './kustomization.ts';
import { RenderError } from './render-error.ts';

/** What a folder without a kustomization holds, relative to the root, in order. */
export interface FolderContents {
  /** Plain manifests. */
  readonly files: readonly string[];
  /** Folders with a kustomization of their own, which are built and not descended into. */
  readonly kustomizations: readonly string[];
  /** `Chart.yaml` of folders that are Helm charts: nothing in them is a manifest. */
  readonly charts: readonly string[];
}

const MAX_FILES = 10_000;
const MAX_DEPTH = 50;
const SETTINGS_FILE = 'plumbline.yaml';

/**
 * Walks a folder as Flux does: manifests by their extension (`.yaml`, `.yml`, `.json`), folders with a kustomization on their own, without
 * dot-files and Plumbline's settings. Symlinks are followed inside `root`. Throws `RenderError`.
 */
export async function walkFolder(root: string, folder: string): Promise<FolderContents> {
  const realRoot = await realpath(root);
  const files: string[] = [];
  const kustomizations: string[] = [];
  const charts: string[] = [];

  const walk = async (at: string, parents: readonly string[]) => {
    const real = await inside(realRoot, at);
    // A folder that contains itself by a symlink ends here.
    if (real === undefined || parents.includes(real)) return;
    if (parents.length > MAX_DEPTH) throw new RenderError('RenderTooLarge', `${at}: folders are nested deeper than ${MAX_DEPTH}.`);
    const names = (await readdir(real)).toSorted();
    if (parents.length > 0 && names.some(isKustomizationFile)) {
      kustomizations.push(at);
      return;
    }
    if (names.includes('Chart.yaml')) {
      charts.push(posix.join(at, 'Chart.yaml'));
      return;
    }
    for (const name of names) {
      if (name.startsWith('.') || name === SETTINGS_FILE) continue;
      const path = posix.join(at, name);
      const target = await inside(realRoot, path);
      if (target === undefined) continue;
      const found = await stat(target);
      if (found.isDirectory()) await walk(path, [...parents, real]);
      else if (found.isFile() && /\.(ya?ml|json)$/.test(name)) files.push(path);
      if (files.length > MAX_FILES)
        throw new RenderError('RenderTooLarge', `${folder}: it has more than ${MAX_FILES} manifests. Split it over several paths.`);
    }
  };
  await walk(folder, []);
  return { files, kustomizations, charts };
}

/** Reads a file of `root`; the walk has made sure that it is inside. */
export async function readManifest(root: string, file: string, maxBytes: number): Promise<string> {
  const path = join(root, file);
  const { size } = await stat(path);
  if (size > maxBytes)
    throw new RenderError(
      'RenderTooLarge',
      `${file}: the manifests of the path have more than the limit together. Split them over several paths.`,
    );
  return readFile(path, 'utf8');
}

/** The real path; undefined of a link that leads nowhere. */
async function inside(realRoot: string, path: string): Promise<string | undefined> {
  const real = await realpath(join(realRoot, path)).catch(() => undefined);
  if (real === undefined || real === realRoot || real.startsWith(realRoot + sep)) return real;
  throw new RenderError(
    'PathOutsideRepository',
    `symlink ${path}: it leads out of the repository. Replace it by a file, or by a link to one inside.`,
  );
}
