import { readdir, realpath, stat } from 'node:fs/promises';
import { join, posix, sep } from 'node:path';
import { failureOf } from '../errors.ts';
import { type LocatedValue, normalise } from '../manifests/normalise.ts';
import { parseManifests } from '../manifests/parse.ts';
import type { FetchedSource, ManifestProblem, RenderedSource } from '../source/artifact.ts';
import { isKustomizationFile } from './kustomization.ts';
import { kustomize } from './kustomize.ts';
import { readManifest, walkFolder } from './plain.ts';
import { RenderError } from './render-error.ts';
import type { Tools } from './tools.ts';

export interface RenderDependencies {
  readonly tools: Tools;
}

const MAX_BYTES = 64 * 1024 * 1024;
const MAX_OBJECTS = 20_000;
const MAX_PROBLEMS = 200;

/**
 * Renders one folder of a fetched source: through Kustomize if it has a kustomization, else its manifests and the kustomizations of its
 * sub-folders. What cannot become an object is in `problems`. Throws `RenderError` when the folder as a whole cannot be rendered, so that
 * what is applied already stays desired.
 */
export async function renderPath(
  fetched: FetchedSource,
  path: string,
  deps: RenderDependencies,
  signal: AbortSignal,
): Promise<RenderedSource> {
  const root = await realpath(fetched.directory);
  await checkFolder(root, path);
  const read = (await hasKustomization(root, path))
    ? { values: readBuilt(await kustomize(root, path, deps.tools, signal), path), problems: [] }
    : await readFolder(root, path, deps, signal);
  const parsed = splitRead(read.values);
  const { objects, problems } = normalise(parsed.values);
  const all = [...read.problems, ...parsed.problems, ...problems].map(named);
  if (objects.length === 0 && all.length === 0) {
    throw new RenderError(
      'PathEmpty',
      `path "${path}" of repository ${fetched.repository}: there is no manifest in it. Set path to a folder with manifests.`,
    );
  }
  if (objects.length > MAX_OBJECTS) {
    throw new RenderError(
      'RenderTooLarge',
      `path "${path}": it renders ${objects.length} objects, more than ${MAX_OBJECTS}. Split it over several paths.`,
    );
  }
  const { repository, reference, revision } = fetched;
  return { repository, reference, revision, path, objects, problems: boundProblems(all) };
}

type ReadValue = LocatedValue | ManifestProblem;

async function readFolder(
  root: string,
  path: string,
  deps: RenderDependencies,
  signal: AbortSignal,
): Promise<{ readonly values: readonly ReadValue[]; readonly problems: readonly ManifestProblem[] }> {
  const { files, kustomizations, charts } = await walkFolder(root, path);
  const values: ReadValue[] = [];
  let bytes = MAX_BYTES;
  for (const file of files) {
    signal.throwIfAborted();
    const text = await readManifest(root, file, bytes);
    bytes -= Buffer.byteLength(text);
    const found = readText(text, file);
    values.push(...found);
    if (found.length === 0)
      values.push({ where: file, reason: 'NotAnObject', message: 'it holds no object. Remove it, or move it out of this path.' });
  }
  for (const folder of kustomizations) {
    try {
      values.push(...readBuilt(await kustomize(root, folder, deps.tools, signal), folder));
    } catch (error) {
      if (!(error instanceof RenderError) || !error.lasting) throw error;
      values.push({ where: kustomizationOf(folder), ...failureOf(error) });
    }
  }
  const message = 'it is a Helm chart, whose files are no manifests. Move it out of this path, or commit what it renders.';
  return { values, problems: charts.map((where) => ({ where, reason: 'NotAnObject', message })) };
}

function readText(text: string, file: string): readonly ReadValue[] {
  return parseManifests(text).map((document) => {
    const where = `${file}:${document.line}`;
    return 'value' in document
      ? { where, value: document.value }
      : { where, reason: 'InvalidYaml', message: `${document.problem}. Correct the file.` };
  });
}

/** What Kustomize printed has lines of its own, which nobody could look up. */
function readBuilt(text: string, folder: string): readonly ReadValue[] {
  return readText(text, '').map((read) => ({ ...read, where: kustomizationOf(folder) }));
}

function splitRead(read: readonly ReadValue[]): {
  readonly values: readonly LocatedValue[];
  readonly problems: readonly ManifestProblem[];
} {
  const values: LocatedValue[] = [];
  const problems: ManifestProblem[] = [];
  for (const each of read) {
    if ('value' in each) values.push(each);
    else problems.push(each);
  }
  return { values, problems };
}

/** A message says where, since it is often shown alone. */
function named(problem: ManifestProblem): ManifestProblem {
  return problem.message.startsWith(problem.where) ? problem : { ...problem, message: `${problem.where}: ${problem.message}` };
}

function boundProblems(problems: readonly ManifestProblem[]): readonly ManifestProblem[] {
  if (problems.length <= MAX_PROBLEMS) return problems;
  const rest = { where: '.', reason: 'MoreProblems', message: `${problems.length - MAX_PROBLEMS} more problems are not listed.` };
  return [...problems.slice(0, MAX_PROBLEMS), rest];
}

async function hasKustomization(root: string, path: string): Promise<boolean> {
  return (await readdir(join(root, path))).some(isKustomizationFile);
}

function kustomizationOf(folder: string): string {
  return posix.join(folder, 'kustomization.yaml');
}

async function checkFolder(root: string, path: string): Promise<void> {
  const real = await realpath(join(root, path)).catch(() => undefined);
  if (real === undefined || !(await stat(real)).isDirectory()) {
    throw new RenderError('PathNotFound', `path "${path}": it is no folder here. Set path to one that exists.`);
  }
  if (real !== root && !real.startsWith(root + sep)) {
    throw new RenderError('PathOutsideRepository', `path "${path}": it leads out of the repository. Set path to a folder inside.`);
  }
}
