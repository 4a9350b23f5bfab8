import { resolve } from 'node:path';
import type { Command } from 'commander';
import { maskSecrets } from '../manifests/secrets.ts';
import type { ManifestProblem, RenderedSource } from '../source/artifact.ts';
import type { CommandRun } from './context.ts';
import { UsageError } from './errors.ts';
import type { DefineCommand } from './leaf-command.ts';
import { getCluster, requireRow } from './select-clusters.ts';
import { printable } from './text.ts';

/** Strings that YAML 1.1 would read as something else are quoted: that is the YAML which kubectl reads. */
const YAML_OPTIONS = { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false } as const;

type Rendered = Pick<RenderedSource, 'objects' | 'problems'>;

export function renderCommand(define: DefineCommand): Command {
  return define(
    {
      usage: 'render',
      description:
        'Prints desired objects as YAML: what a folder on this machine renders to, or what is published for a cluster. Values of Secrets are masked. Exit status 1 when a file is no manifest.',
      examples: [
        ['render --path ./clusters/prod-eu', 'prints what the folder renders to; needs no deployment'],
        ['render --cluster prod-eu', 'prints what the cluster is kept equal to now, its images by digest'],
        ['render --path ./clusters/prod-eu --cluster prod-eu', 'prints what the folder would be on that cluster, its images by digest'],
        ['render --path . --json', 'prints a JSON line an object'],
      ],
    },
    async (run, _args, options) => {
      const rendered = await readDesired(run, text(options.path), text(options.cluster));
      const objects = options.showSecrets === true ? rendered.objects : rendered.objects.map(maskSecrets);
      run.output.lines(objects);
      if (!run.options.json) {
        const { stringify } = await import('yaml');
        run.output.text(() => objects.map((object) => stringify(object, YAML_OPTIONS)).join('---\n'));
      }
      for (const problem of rendered.problems) run.terminal.error(`error: ${printable(describeProblem(problem))}\n`);
      return rendered.problems.length > 0 ? 1 : 0;
    },
    (command) =>
      command
        .option('--path <directory>', 'folder with a kustomization or plain manifests')
        .option('--cluster <name>', 'a registered cluster: alone, what is published for it; with --path, the folder as it would be there')
        .option('--show-secrets', 'print the values of Secrets too'),
  );
}

async function readDesired(run: CommandRun, path: string | undefined, cluster: string | undefined): Promise<Rendered> {
  const directory = path === undefined ? undefined : resolve(run.directory, path);
  if (cluster === undefined) {
    if (directory === undefined) {
      throw new UsageError(
        'render: neither --path nor --cluster is given. Give the folder to render, as in --path ./clusters/prod-eu, or a registered cluster, as in --cluster prod-eu.',
      );
    }
    return await run.progress(`rendering ${directory}`, () => run.renderDirectory(directory, run.signal));
  }
  const deployment = await run.deployment();
  const row = requireRow(await getCluster(deployment.clusters, cluster, run.signal));
  const source = directory === undefined ? ({ type: 'artifact' } as const) : ({ type: 'directory', directory } as const);
  return await run.progress(`reading what ${cluster} should be`, () => deployment.desired(row, source, run.signal));
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function describeProblem({ where, message }: ManifestProblem): string {
  return message.startsWith(where) ? message : `${where}: ${message}`;
}
