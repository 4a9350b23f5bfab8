import { type Command, Option } from 'commander';
import type { DefineCommand } from './leaf-command.ts';
import { getCluster, requireRow } from './select-clusters.ts';

export function imagesAllowListCommand(define: DefineCommand): Command {
  return define(
    {
      usage: 'allow-list <cluster>',
      description:
        'Writes, from what Git says of a cluster, the digests that it may run: as a list, as user data of Bottlerocket nodes, or a ValidatingAdmissionPolicy that asks for digests.',
      examples: [
        ['images allow-list prod-eu', 'lists the images, one a line'],
        [
          'images allow-list prod-eu --format policy',
          'prints a policy for namespaces that are labelled plumbline.dev/image-digests=required',
        ],
        ['images allow-list prod-eu --format bottlerocket', 'prints user data; add the digests of what the nodes themselves need'],
      ],
    },
    async (run, [name = ''], options) => {
      const { allowListOf, bottlerocketSettings, digestPolicy } = await import('../images/index.ts');
      const deployment = await run.deployment();
      const row = requireRow(await getCluster(deployment.clusters, name, run.signal));
      const artifact = await deployment.desired(row, { type: 'artifact' }, run.signal);
      const list = allowListOf(artifact);
      for (const reference of list.unpinned) run.terminal.error(`left out, since it has no digest: ${reference}\n`);
      run.output.lines([list]);
      run.output.text(() => {
        if (options.format === 'policy') return digestPolicy('plumbline-image-digests');
        if (options.format === 'bottlerocket') return bottlerocketSettings(list);
        return list.images.map((image) => `${image}\n`).join('');
      });
      return 0;
    },
    (command) =>
      command.addOption(new Option('--format <format>', 'what to write').choices(['list', 'policy', 'bottlerocket']).default('list')),
  );
}
