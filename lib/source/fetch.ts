import { existsSync } from 'node:fs';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { kindOfFolder, type RenderDependencies, type RenderOptions, renderPath } from '../render/render.ts';
import { RenderError } from '../render/render-error.ts';
import type { RenderedSource } from './artifact.ts';
import { fetchRevision } from './clone.ts';
import type { GitHost } from './git-command.ts';
import { listTips, type Repository, referenceNotFound } from './references.ts';

export interface FetchDependencies extends RenderDependencies {
  readonly git: GitHost;
  /** Where work trees are made, and removed when done. */
  readonly temporaryDirectory: string;
}

/**
 * Resolves a branch, tag or full commit id, fetches it and renders one folder of it. Throws `SourceError` or `RenderError`.
 */
export async function renderRevision(
  source: { readonly repository: Repository; readonly reference: string; readonly path: string },
  deps: FetchDependencies,
  signal: AbortSignal,
  options: RenderOptions = {},
): Promise<RenderedSource> {
  return withTemporaryDirectory(deps.temporaryDirectory, async (directory) => {
    const tips = await listTips(deps.git, source.repository, [source.reference], directory, signal);
    const revision = tips.get(source.reference);
    if (revision === undefined) throw referenceNotFound(source.repository.url, source.reference);
    const clone = await fetchRevision(deps.git, source.repository, { reference: source.reference, revision }, directory, signal);
    const inputs = await clone.include(source.path);
    const rendered = await renderPath(clone, source.path, deps, signal, options);
    return (await kindOfFolder(clone.directory, source.path)) === 'chart' ? { ...rendered, inputs } : rendered;
  });
}

/** What a work tree that was never committed has for reference and revision. */
export const WORKING_TREE = 'working-tree';

/**
 * Renders a folder of this machine as it is now, without Git. Paths in problems are relative to the Git work tree that it is in, if any.
 * Throws `RenderError`.
 */
export async function renderDirectory(
  directory: string,
  deps: RenderDependencies,
  signal: AbortSignal,
  options: RenderOptions = {},
): Promise<RenderedSource> {
  const folder = await realpath(directory).catch(() => undefined);
  if (folder === undefined) throw new RenderError('PathNotFound', `folder ${directory}: it does not exist. Set path to one that does.`);
  const root = workTreeOf(folder);
  const path = relative(root, folder).split(sep).join('/') || '.';
  const fetched = { repository: pathToFileURL(root).href, reference: WORKING_TREE, revision: WORKING_TREE, directory: root };
  return renderPath(fetched, path, deps, signal, options);
}

function workTreeOf(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, '.git'))) return at;
    if (at === dirname(at)) return folder;
  }
}

/** A folder for the time of the work. */
export async function withTemporaryDirectory<T>(parent: string, work: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(parent, 'plumbline-source-'));
  try {
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  }
}
