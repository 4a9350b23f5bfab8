import { stat } from 'node:fs/promises';
import { basename, join, posix } from 'node:path';
import { parseManifests } from '../manifests/parse.ts';
import type { GitHost } from '../source/git-command.ts';
import { helmWords } from './helm-words.ts';
import { checkInputs, isSubmodule, type RenderRoot, readText } from './inputs.ts';
import { limitError, type RenderLimits } from './limits.ts';
import { followLocalReferences } from './local-references.ts';
import { RenderError } from './render-error.ts';
import { renderTwice } from './render-twice.ts';
import { runTool, type ToolResult } from './run-tool.ts';
import { REFUSED, withToolEnvironment } from './tool-environment.ts';
import type { Tools } from './tools.ts';

export interface KustomizeDependencies {
  readonly tools: Tools;
  readonly limits: RenderLimits;
  /** Where temporary folders are made; the system's place for them when absent. */
  readonly temporaryDirectory?: string;
  /** With it, bases in other repositories are fetched at their commits. */
  readonly remoteGit?: GitHost;
}

/**
 * Builds the kustomization in `folder` and resolves to the YAML. Files are loaded from below the folders that have kustomizations only, and
 * nothing is loaded from elsewhere, unless `remoteGit` is there. Throws `RenderError` with what Kustomize said.
 */
export async function kustomize(root: RenderRoot, folder: string, deps: KustomizeDependencies, signal: AbortSignal): Promise<string> {
  const { tools, limits, temporaryDirectory, remoteGit } = deps;
  const { paths, charts } = await followLocalReferences(root, folder, remoteGit === undefined ? 'refuse' : 'allow', limits);
  await checkInputs(root, await readWhole(root, paths, charts), limits);
  const where = posix.join(folder, 'kustomization.yaml');
  return await withToolEnvironment(tools, temporaryDirectory, remoteGit, async ({ variables, helmForKustomize }) => {
    const helm = charts.size > 0 ? ['--enable-helm', '--helm-command', helmForKustomize] : [];
    const command = {
      file: tools.kubectl,
      args: ['kustomize', `./${folder}`, ...helm],
      directory: root.directory,
      environment: variables,
    };
    const build = async () => {
      const result = await runTool(command, limits, signal);
      if ('output' in result) return result.output;
      const failure = failureOfBuild(result, where, root, charts);
      // Kustomize does not always say which file, nor which line.
      throw failure.reason === 'KustomizeFailed' ? ((await firstYamlError(root, paths)) ?? failure) : failure;
    };
    return charts.size > 0 ? await renderTwice(build, where, signal) : await build();
  });
}

/** Charts are read as a whole; of a folder with a kustomization only what that names. */
async function readWhole(root: RenderRoot, paths: ReadonlySet<string>, charts: ReadonlySet<string>): Promise<readonly string[]> {
  const whole = await Promise.all(
    [...paths].map(async (path) => {
      if (charts.has(path) || (await isSubmodule(root, path))) return true;
      const found = await stat(join(root.directory, path)).catch(() => undefined);
      return found?.isFile() === true;
    }),
  );
  return [...paths].filter((_, index) => whole[index]);
}

function failureOfBuild(
  result: Exclude<ToolResult, { readonly output: string }>,
  where: string,
  { directory }: RenderRoot,
  charts: ReadonlySet<string>,
): RenderError {
  if ('limit' in result) return limitError(result, where, 'Split it over several paths, or commit what it renders.');
  if (result.said.includes(`${REFUSED} a chart`)) {
    return new RenderError('RemoteBase', `${where}: it needs a chart that is not in the repository. Charts are not downloaded; commit it.`);
  }
  const refused = new RegExp(`${REFUSED} (the [^\n]*)`).exec(result.said)?.[1];
  if (refused !== undefined) {
    const rule = 'Bases in other repositories, and theirs in turn, are fetched over HTTPS at full commit ids only';
    return new RenderError('RemoteBase', `${where}: a base in another repository leads to ${refused}. ${rule}.`);
  }
  const unreachable = FETCH_FAILED.exec(result.said)?.[1];
  if (unreachable !== undefined) {
    const message = `${where}: a base in another repository could not be fetched (${unreachable.slice(0, 500)}). It is tried again.`;
    return new RenderError('RemoteBase', message, { lasting: false });
  }
  const folderOf = (chart: string) => [...charts].find((folder) => basename(folder) === chart) ?? chart;
  const templates = helmWords(result.said, directory, folderOf);
  return new RenderError('KustomizeFailed', `${where}: ${templates ?? kustomizeWords(result.said, directory)}`);
}

/** What Git says where it cannot reach or read a repository. */
const FETCH_FAILED = /fatal: ((unable to access|could not read|couldn't find|remote error|'[^']*' does not appear).*)/;

/** What Kustomize said, with paths as in the repository, and without the texts of patches, literals and files, which may hold secrets. */
function kustomizeWords(stderr: string, root: string): string {
  const text = stderr
    .replaceAll(`${root}/`, '')
    .replaceAll(root, '.')
    .replace(/`[\s\S]*?`/g, '…')
    .replace(/\[[\s\S]*?\]/g, '[…]')
    .replace(/(invalid literal source|unknown anchor) .*?(,| referenced|$)/gm, '$1 …$2')
    .replace(/^error: /i, '');
  const line = text.split('\n').find((each) => each.trim() !== '' && !/^#? ?Warning/.test(each));
  return (line ?? 'Kustomize failed and said nothing').slice(0, 1000);
}

async function firstYamlError(root: RenderRoot, references: ReadonlySet<string>): Promise<RenderError | undefined> {
  for (const file of references) {
    if (!/\.(ya?ml|json)$/.test(file)) continue;
    const text = await readText(root, file).catch((error: unknown) => {
      if (error instanceof RenderError) throw error;
      return '';
    });
    const wrong = parseManifests(text).find((document) => 'problem' in document);
    if (wrong !== undefined) return new RenderError('KustomizeFailed', `${file}:${wrong.line}: ${wrong.problem}.`);
  }
  return undefined;
}
