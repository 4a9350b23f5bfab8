import { readdir, stat } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { failureOf } from '../errors.ts';
import { SETTINGS_FILE } from '../settings/index.ts';
import type { ManifestProblem } from '../source/artifact.ts';
import { CHART_FILE } from './helm.ts';
import { isSubmodule, problemOfFile, type RenderRoot, readText, realPathInside, SUBMODULE, tooManyFiles } from './inputs.ts';
import { isKustomizationFile } from './kustomization.ts';
import type { RenderLimits } from './limits.ts';
import { RenderError } from './render-error.ts';

/** What a folder without a kustomization holds, relative to the root, in order. */
export interface FolderContents {
  /** Plain manifests. */
  readonly files: readonly string[];
  /** Folders with a kustomization of their own, which are built and not descended into. */
  readonly kustomizations: readonly string[];
  /** Folders that are no manifests as a whole: Helm charts, submodules. */
  readonly problems: readonly ManifestProblem[];
}

const MAX_DEPTH = 50;
const MAX_MEGABYTES = 64;

/**
 * Walks a folder as Flux does: manifests by their extension (`.yaml`, `.yml`, `.json`), folders with a kustomization on their own, without
 * dot-files and Plumbline's settings. Symlinks are followed inside `root`. Throws `RenderError`.
 */
export async function walkFolder(root: RenderRoot, folder: string, limits: RenderLimits): Promise<FolderContents> {
  const files: string[] = [];
  const kustomizations: string[] = [];
  const problems: ManifestProblem[] = [];

  const walk = async (at: string, parents: readonly string[]) => {
    const real = await realPathInside(root, at);
    // A folder that contains itself by a symlink ends here.
    if (real === undefined || parents.includes(real)) return;
    if (parents.length > MAX_DEPTH) throw new RenderError('RenderTooLarge', `${at}: folders are nested deeper than ${MAX_DEPTH}.`);
    if (await isSubmodule(root, at)) {
      problems.push({ where: at, reason: 'Submodule', message: SUBMODULE });
      return;
    }
    const names = (await readdir(real)).toSorted();
    if (parents.length > 0 && names.some(isKustomizationFile)) {
      kustomizations.push(at);
      return;
    }
    if (names.includes(CHART_FILE)) {
      problems.push({ where: posix.join(at, CHART_FILE), reason: 'NotAnObject', message: NESTED_CHART });
      return;
    }
    for (const name of names) {
      if (name.startsWith('.') || name === SETTINGS_FILE) continue;
      const path = posix.join(at, name);
      const target = await realPathInside(root, path);
      if (target === undefined) continue;
      const found = await stat(target);
      if (found.isDirectory()) await walk(path, [...parents, real]);
      else if (found.isFile() && /\.(ya?ml|json)$/.test(name)) files.push(path);
      if (files.length > limits.files) throw tooManyFiles(folder, limits);
    }
  };
  await walk(folder, []);
  // A submodule that was never checked out need not even be an empty folder.
  const inside = [...root.submodules].filter((path) => folder === '.' || path.startsWith(`${folder}/`));
  const unseen = inside.filter(
    (path) => !problems.some(({ where }) => where === path) && !kustomizations.some((each) => path.startsWith(`${each}/`)),
  );
  return {
    files,
    kustomizations,
    problems: [...problems, ...unseen.map((where) => ({ where, reason: 'Submodule', message: SUBMODULE }))],
  };
}

const NESTED_CHART =
  'it is a Helm chart, whose files are no manifests. Register it as a path of its own, render it through helmCharts of a kustomization, or move it out of this path.';

/**
 * Reads a manifest, or says why it is none; the walk has made sure that it is inside. `leftBytes` is what the manifests of the path may still
 * have together, beyond which `RenderError` is thrown.
 */
export async function readManifest(
  root: RenderRoot,
  file: string,
  leftBytes: number,
): Promise<{ readonly text: string; readonly bytes: number } | { readonly problem: ManifestProblem }> {
  const path = join(root.directory, file);
  const { size } = await stat(path);
  const problem = await problemOfFile(path, size);
  if (problem !== undefined) return { problem: { where: file, ...problem } };
  if (size > leftBytes) {
    throw new RenderError(
      'RenderTooLarge',
      `${file}: the manifests of the path have more than ${MAX_MEGABYTES} MB together. Split them over several paths.`,
    );
  }
  try {
    return { text: await readText(root, file), bytes: size };
  } catch (error) {
    if (!(error instanceof RenderError)) throw error;
    return { problem: { where: file, ...failureOf(error) } };
  }
}

/** What the plain manifests of one path may have together. */
export const MAX_PLAIN_BYTES = MAX_MEGABYTES * 1024 * 1024;
