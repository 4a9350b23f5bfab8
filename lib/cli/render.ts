import { resolve } from 'node:path';
import type { Command } from 'commander';
import { stringify } from 'yaml';
import type { KubernetesObject } from '../manifests/object.ts';
import { maskSecrets } from '../manifests/secrets.ts';
import type { ManifestProblem } from '../source/artifact.ts';
import { UsageError } from './errors.ts';
import type { DefineCommand } from './leaf-command.ts';
import { printable } from './text.ts';

export function renderCommand(define: DefineCommand): Command {
  return define(
    {
      usage: 'render',
      description:
        'Prints the objects that a folder on this machine renders to, as YAML. Values of Secrets are masked. Exit status 1 when a file is no manifest.',
      examples: [
        ['render --path ./clusters/prod-eu', 'prints what prod-eu would be made of'],
        ['render --path . --json', 'prints a JSON line an object'],
      ],
    },
    async (run, _args, options) => {
      if (options.path === undefined)
        throw new UsageError('render: --path is missing. Give the folder to render, as in --path ./clusters/prod-eu.');
      const directory = resolve(run.directory, String(options.path));
      const rendered = await run.progress(`rendering ${directory}`, () => run.renderDirectory(directory, run.signal));
      const objects = options.showSecrets === true ? rendered.objects : rendered.objects.map(maskSecrets);
      run.output.lines(objects);
      run.output.text(() => objects.map(formatObject).join('---\n'));
      for (const problem of rendered.problems) run.terminal.error(`error: ${printable(describeProblem(problem))}\n`);
      return rendered.problems.length > 0 ? 1 : 0;
    },
    (command) =>
      command
        .option('--path <directory>', 'folder with a kustomization or plain manifests')
        .option('--show-secrets', 'print the values of Secrets too'),
  );
}

function describeProblem({ where, message }: ManifestProblem): string {
  return message.startsWith(where) ? message : `${where}: ${message}`;
}

/** Strings that YAML 1.1 would read as something else are quoted: that is the YAML which kubectl reads. */
function formatObject(object: KubernetesObject): string {
  return stringify(object, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false });
}
