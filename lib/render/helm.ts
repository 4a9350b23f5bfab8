import { readdir, writeFile } from 'node:fs/promises';
import { basename, join, posix } from 'node:path';
import { stringifyJson } from '../manifests/json.ts';
import { type HelmSettings, SETTINGS_FILE } from '../settings/index.ts';
import { helmWords } from './helm-words.ts';
import { checkInputs, type RenderRoot, realPathInside } from './inputs.ts';
import type { KustomizeDependencies } from './kustomize.ts';
import { limitError } from './limits.ts';
import { RenderError } from './render-error.ts';
import { renderTwice } from './render-twice.ts';
import { runTool } from './run-tool.ts';
import { withToolEnvironment } from './tool-environment.ts';

export const CHART_FILE = 'Chart.yaml';

/** What templates see of the cluster: `.Capabilities`. */
export interface ServerFacts {
  /** As the server says it: `v1.36.3`. */
  readonly version: string;
  /** `apps/v1` and `apps/v1/Deployment`, of everything that it serves. */
  readonly apiVersions: readonly string[];
}

/**
 * Renders the chart in `folder`, CRDs and hooks included, and resolves to the YAML. Without `server` templates see Helm's own defaults.
 * Nothing is downloaded. Throws `RenderError` with what Helm said.
 */
export async function renderChart(
  root: RenderRoot,
  folder: string,
  settings: HelmSettings,
  server: ServerFacts | undefined,
  { tools, limits, temporaryDirectory }: KustomizeDependencies,
  signal: AbortSignal,
): Promise<string> {
  const where = posix.join(folder, CHART_FILE);
  const valuesFiles = (settings.valuesFiles ?? []).map((file) => posix.join(folder, file));
  for (const [index, file] of valuesFiles.entries()) await checkValuesFile(root, folder, file, settings.valuesFiles?.[index] ?? file);
  await checkInputs(root, [folder, ...valuesFiles], limits);
  return await withToolEnvironment(tools, temporaryDirectory, undefined, async ({ directory, variables }) => {
    const values = join(directory, 'values.json');
    await writeFile(values, stringifyJson(settings.values ?? {}), { mode: 0o600 });
    const args = [
      'template',
      releaseNameOf(folder, settings),
      `./${folder}`,
      '--include-crds',
      `--namespace=${settings.namespace ?? 'default'}`,
      ...[...valuesFiles.map((file) => `./${file}`), values].flatMap((file) => ['--values', file]),
      ...(server === undefined
        ? []
        : ['--kube-version', server.version, ...server.apiVersions.flatMap((each) => ['--api-versions', each])]),
    ];
    const render = async () => {
      const result = await runTool({ file: tools.helm, args, directory: root.directory, environment: variables }, limits, signal);
      if ('output' in result) return result.output;
      if ('limit' in result) throw limitError(result, where, 'Make it smaller, or commit what it renders.');
      throw await helmError(root, folder, result.said);
    };
    return await renderTwice(render, where, signal);
  });
}

/** Helm's own default would be random. */
function releaseNameOf(folder: string, { releaseName }: HelmSettings): string {
  if (releaseName !== undefined) return releaseName;
  const name = basename(folder)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 53)
    .replace(/-+$/, '');
  return name === '' ? 'release' : name;
}

async function checkValuesFile(root: RenderRoot, folder: string, file: string, written: string): Promise<void> {
  const subject = `${posix.join(folder, SETTINGS_FILE)}: values file "${written}"`;
  if (posix.isAbsolute(written) || file === '..' || file.startsWith('../')) {
    throw new RenderError('PathOutsideRepository', `${subject} is not inside the repository. Name it relative to the path.`);
  }
  if ((await realPathInside(root, file)) !== undefined) return;
  const there = await readdir(join(root.directory, posix.dirname(file))).catch(() => []);
  const similar = there.filter((name) => /\.ya?ml$/.test(name)).slice(0, 10);
  const hint = similar.length === 0 ? '' : ` There are: ${similar.join(', ')}.`;
  throw new RenderError('HelmFailed', `${subject} does not exist: there is no ${file}.${hint} Correct helm.valuesFiles.`);
}

async function helmError(root: RenderRoot, folder: string, said: string): Promise<RenderError> {
  const where = posix.join(folder, CHART_FILE);
  const words = helmWords(said, root.directory, () => folder) ?? said.split('\n')[0]?.slice(0, 500) ?? '';
  const missing = /missing in charts\/ directory: (.*)$/.exec(words)?.[1];
  if (missing !== undefined) {
    return new RenderError(
      'HelmFailed',
      `${where}: its dependencies ${missing} are not in charts/. They are not downloaded; run helm dependency build and commit charts/.`,
    );
  }
  return new RenderError('HelmFailed', `${where}: ${words}`);
}

/** `# Source: web/templates/a.yaml`, which Helm prints above each object → the template's path in the repository, by line of the output. */
export function templateOf(output: string, folder: string): (line: number) => string {
  const sources = output.split('\n').flatMap((text, index) => {
    const source = /^# Source: [^/]+\/(.+)$/.exec(text)?.[1];
    return source === undefined ? [] : [{ line: index + 1, path: posix.join(folder, source) }];
  });
  return (line) => sources.findLast((source) => source.line <= line)?.path ?? posix.join(folder, CHART_FILE);
}
