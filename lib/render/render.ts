import { readdir, realpath, stat } from 'node:fs/promises';
import { join, posix, sep } from 'node:path';
import { failureOf } from '../errors.ts';
import { flattenList, type LocatedValue, normalise } from '../manifests/normalise.ts';
import { parseManifests } from '../manifests/parse.ts';
import { type PathSettings, parseSettings, SETTINGS_FILE } from '../settings/index.ts';
import type { FetchedSource, ManifestProblem, RenderedSource } from '../source/artifact.ts';
import type { GitHost } from '../source/git-command.ts';
import { CHART_FILE, renderChart, type ServerFacts, templateOf } from './helm.ts';
import { decideHook } from './hooks.ts';
import { type RenderRoot, readText } from './inputs.ts';
import { isKustomizationFile } from './kustomization.ts';
import { type KustomizeDependencies, kustomize } from './kustomize.ts';
import { RENDER_LIMITS, type RenderLimits } from './limits.ts';
import { MAX_PLAIN_BYTES, readManifest, walkFolder } from './plain.ts';
import { RenderError } from './render-error.ts';
import type { Tools } from './tools.ts';

export interface RenderDependencies {
  readonly tools: Tools;
  /** Where temporary folders are made; the system's place for them when absent. */
  readonly temporaryDirectory?: string;
  /** With what bases in other repositories are fetched, where a request allows them. */
  readonly git?: GitHost;
  /** `RENDER_LIMITS` when absent. */
  readonly limits?: RenderLimits;
}

/** What is to be rendered besides the files. */
export interface RenderOptions {
  /** Of the cluster that it is for; a chart sees Helm's own defaults without. */
  readonly server?: ServerFacts;
  /** Refused when absent. */
  readonly remoteBases?: 'allow' | 'refuse';
}

const MAX_PROBLEMS = 200;

/**
 * Renders one folder of a fetched source: through Kustomize if it has a kustomization, through Helm if it has a `Chart.yaml`, else its
 * manifests and the kustomizations of its sub-folders. What cannot become an object is in `problems`. Throws `RenderError` when the folder as
 * a whole cannot be rendered, so that what is applied already stays desired.
 */
export async function renderPath(
  fetched: FetchedSource,
  path: string,
  deps: RenderDependencies,
  signal: AbortSignal,
  options: RenderOptions = {},
): Promise<RenderedSource> {
  const root: RenderRoot = { directory: await realpath(fetched.directory), submodules: new Set(fetched.submodules) };
  await checkFolder(root.directory, path);
  const limits = deps.limits ?? RENDER_LIMITS;
  const { helm = {}, ...asked } = await readSettings(root, path);
  const kind = await kindOfFolder(root.directory, path);
  if (kind !== 'chart') refuseChartSettings(path, helm);
  const tools: KustomizeDependencies = {
    tools: deps.tools,
    limits,
    ...(deps.temporaryDirectory === undefined ? {} : { temporaryDirectory: deps.temporaryDirectory }),
    ...(deps.git === undefined || options.remoteBases !== 'allow' ? {} : { remoteGit: deps.git }),
  };
  const read = await readPath(kind);
  const parsed = splitRead(read.flatMap((each) => applicable(each, helm.hooks)));
  const { objects, problems } = normalise(parsed.values);
  const all = [...parsed.problems, ...problems].map(named);
  if (objects.length === 0 && all.length === 0) throw nothingRendered(fetched.repository, path, kind);
  if (objects.length > limits.objects) {
    throw new RenderError(
      'RenderTooLarge',
      `path "${path}": it renders ${objects.length} objects, more than ${limits.objects}. Split it over several paths.`,
    );
  }
  const { repository, reference, revision } = fetched;
  const defaultNamespace = kind === 'chart' && helm.namespace !== undefined ? { defaultNamespace: helm.namespace } : {};
  const settings = Object.keys(asked).length === 0 ? {} : { settings: asked };
  return { repository, reference, revision, path, ...defaultNamespace, ...settings, objects, problems: boundProblems(all) };

  async function readPath(what: FolderKind): Promise<readonly ReadValue[]> {
    if (what === 'kustomization') return readBuilt(await kustomize(root, path, tools, signal), path);
    if (what === 'manifests') return await readFolder(root, path, tools, signal);
    const output = await renderChart(root, path, helm, options.server, tools, signal);
    const template = templateOf(output, path);
    return readDocuments(output, (line) => template(line));
  }
}

export type FolderKind = 'kustomization' | 'chart' | 'manifests';

/** How a folder of a work tree is rendered. A kustomization goes first, since it can render the chart beside it. */
export async function kindOfFolder(directory: string, path: string): Promise<FolderKind> {
  const names: readonly string[] = await readdir(join(directory, path)).catch(() => []);
  if (names.some(isKustomizationFile)) return 'kustomization';
  return names.includes(CHART_FILE) ? 'chart' : 'manifests';
}

async function readSettings(root: RenderRoot, path: string): Promise<PathSettings> {
  const file = posix.join(path, SETTINGS_FILE);
  if ((await stat(join(root.directory, file)).catch(() => undefined)) === undefined) return {};
  const parsed = parseSettings(await readText(root, file));
  if ('settings' in parsed) return parsed.settings;
  throw new RenderError('InvalidSettings', `${file}: ${parsed.problem}.`);
}

/** Settings that nothing reads are a mistake that nobody would notice. */
function refuseChartSettings(path: string, { hooks: _hooks, ...helm }: NonNullable<PathSettings['helm']>): void {
  const [key] = Object.keys(helm);
  if (key === undefined) return;
  throw new RenderError(
    'InvalidSettings',
    `${posix.join(path, SETTINGS_FILE)}: helm.${key} is for a folder with ${CHART_FILE}, rendered without a kustomization, which this one is not. Remove it.`,
  );
}

function nothingRendered(repository: string, path: string, kind: FolderKind): RenderError {
  if (kind === 'chart') {
    const remedy = 'Look at the conditions in its templates, and at helm.values and helm.valuesFiles in plumbline.yaml';
    return new RenderError('PathEmpty', `${posix.join(path, CHART_FILE)}: the chart renders no object with these values. ${remedy}.`);
  }
  return new RenderError(
    'PathEmpty',
    `path "${path}" of repository ${repository}: there is no manifest in it. Set path to a folder with manifests.`,
  );
}

type ReadValue = LocatedValue | ManifestProblem;

async function readFolder(root: RenderRoot, path: string, deps: KustomizeDependencies, signal: AbortSignal): Promise<readonly ReadValue[]> {
  const { files, kustomizations, problems } = await walkFolder(root, path, deps.limits);
  const values: ReadValue[] = [...problems];
  let leftBytes = MAX_PLAIN_BYTES;
  for (const file of files) {
    signal.throwIfAborted();
    const read = await readManifest(root, file, leftBytes);
    if ('problem' in read) {
      values.push(read.problem);
      continue;
    }
    leftBytes -= read.bytes;
    const found = readDocuments(read.text, (line) => `${file}:${line}`);
    values.push(...found);
    if (found.length === 0)
      values.push({ where: file, reason: 'NotAnObject', message: 'it holds no object. Remove it, or move it out of this path.' });
  }
  for (const folder of kustomizations) {
    try {
      values.push(...readBuilt(await kustomize(root, folder, deps, signal), folder));
    } catch (error) {
      if (!(error instanceof RenderError) || !error.lasting) throw error;
      values.push({ where: kustomizationOf(folder), ...failureOf(error) });
    }
  }
  return values;
}

function readDocuments(text: string, whereOf: (line: number) => string): readonly ReadValue[] {
  return parseManifests(text).map((document) => {
    const where = whereOf(document.line);
    return 'value' in document
      ? { where, value: document.value }
      : { where, reason: 'InvalidYaml', message: `${document.problem}. Correct the file.` };
  });
}

/** What Kustomize printed has lines of its own, which nobody could look up. */
function readBuilt(text: string, folder: string): readonly ReadValue[] {
  return readDocuments(text, () => kustomizationOf(folder));
}

/** Without the hooks that nothing here runs. */
function applicable(read: ReadValue, hooks: NonNullable<PathSettings['helm']>['hooks']): readonly ReadValue[] {
  if (!('value' in read)) return [read];
  return flattenList(read).flatMap((value) => decideHook(value, hooks) ?? []);
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

function kustomizationOf(folder: string): string {
  return posix.join(folder, 'kustomization.yaml');
}

async function checkFolder(root: string, path: string): Promise<void> {
  const real = await realpath(join(root, path)).catch(() => undefined);
  if (real !== undefined && real !== root && !real.startsWith(root + sep)) {
    throw new RenderError('PathOutsideRepository', `path "${path}": it leads out of the repository. Set path to a folder inside.`);
  }
  if (real === undefined || !(await stat(real)).isDirectory()) {
    throw new RenderError('PathNotFound', `path "${path}": it is no folder here. Set path to one that exists.`);
  }
}
