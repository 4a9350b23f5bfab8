import { resolve } from 'node:path';
import type { Command } from 'commander';
import { failureOf } from '../errors.ts';
import type { PlanSource } from './deployment.ts';
import { formatPlan, type PlanResult, planExit, summarisePlan } from './describe-plan.ts';
import { formatPlansAsMarkdown } from './describe-plan-markdown.ts';
import { UsageError } from './errors.ts';
import type { DefineCommand } from './leaf-command.ts';
import { printError } from './print-error.ts';
import { describePosition } from './progress.ts';
import { requireRow, selectClusters } from './select-clusters.ts';

export function planCommand(define: DefineCommand): Command {
  return define(
    {
      usage: 'plan [cluster]',
      description: 'What would change, field by field, by the server’s dry-run. Writes nothing. Exit status 2 when anything would change.',
      examples: [
        ['plan prod-eu', 'compares the published desired state with the cluster'],
        ['plan prod-eu --path ./clusters/prod-eu', 'compares a folder on this machine, before it is committed'],
        ['plan prod-eu --revision 3f2c1a9', 'compares another revision of the cluster’s repository'],
        ['plan --markdown > comment.md', 'writes what would change in every cluster as a comment for a pull request'],
      ],
    },
    async (run, [cluster], options) => {
      const source = planSource(cluster, run.directory, options);
      const markdown = options.markdown === true;
      const unmanaged = options.unmanaged === true;
      if (markdown && run.options.json) throw new UsageError('plan: --markdown and --json are two formats. Give one of them.');
      const deployment = await run.deployment();
      const results: PlanResult[] = [];
      const entries = await selectClusters(deployment.clusters, cluster === undefined ? [] : [cluster], run.signal);
      for (const [index, entry] of entries.entries()) {
        try {
          const text = `planning ${entry.cluster}${describePosition(index, entries.length)}`;
          const plan = await run.progress(text, () => deployment.plan(requireRow(entry), source, run.signal, { unmanaged }));
          results.push(plan);
          run.output.lines([...plan.lines.map((line) => ({ cluster: plan.cluster, ...line })), summarisePlan(plan)]);
          if (!markdown) run.output.text(() => formatPlan(plan, run.terminal));
        } catch (error) {
          run.signal.throwIfAborted();
          const failure = failureOf(error);
          results.push({ cluster: entry.cluster, error: failure });
          printError(run.terminal, error, entry.cluster);
          run.output.lines([{ kind: 'summary', cluster: entry.cluster, error: failure }]);
        }
      }
      // A comment has a limit, which all of its clusters share.
      if (markdown) run.output.text(() => formatPlansAsMarkdown(results));
      return planExit(results);
    },
    (command) =>
      command
        .option('--revision <revision>', 'a branch, tag or commit of the cluster’s repository instead of what is published')
        .option('--path <directory>', 'a folder on this machine instead of what is published')
        .option('--unmanaged', 'list the objects too that are in none of Git’s files, of its kinds and in its namespaces')
        .option('--markdown', 'print one comment for a pull request, in Markdown, of a size that GitHub takes'),
  );
}

function planSource(cluster: string | undefined, directory: string, options: Readonly<Record<string, unknown>>): PlanSource {
  if (options.path === undefined && options.revision === undefined) return { type: 'artifact' };
  if (options.path !== undefined && options.revision !== undefined) {
    throw new UsageError('plan: --path and --revision name two desired states. Give one of them.');
  }
  if (cluster === undefined) {
    throw new UsageError('plan: --path and --revision are one cluster’s. Name it: `plumbline plan CLUSTER --path DIR`.');
  }
  if (options.path !== undefined) return { type: 'directory', directory: resolve(directory, String(options.path)) };
  return { type: 'revision', revision: String(options.revision) };
}
