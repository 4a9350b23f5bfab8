import type { Command } from 'commander';
import { formatUnaudited, unauditedClusters } from './audit-age.ts';
import { formatFindings, openFindings } from './image-findings.ts';
import { imagesAllowListCommand } from './images-allow-list.ts';
import { imagesAuditCommand } from './images-audit.ts';
import { imagesEnforceImmutabilityCommand } from './images-enforce-immutability.ts';
import { imagesReRollCommand } from './images-re-roll.ts';
import { imagesRelockCommand } from './images-relock.ts';
import { imagesTraceCommand } from './images-trace.ts';
import type { DefineCommand } from './leaf-command.ts';
import { getCluster } from './select-clusters.ts';

export function imagesCommand(define: DefineCommand): Command {
  const command = define(
    {
      usage: 'images [cluster]',
      description:
        'Open findings about images: tags that moved, mutable repositories, `latest`. Exit status 2 when there are any, or when the pods of a cluster were not looked at for three hours.',
      examples: [
        ['images', 'shows the findings of every cluster'],
        ['images prod-eu --json', 'prints those of one cluster as JSON Lines'],
      ],
    },
    async (run, [cluster]) => {
      const { clusters, records, state } = await run.deployment();
      if (cluster !== undefined) await getCluster(clusters, cluster, run.signal);
      const wanted = cluster === undefined ? undefined : [cluster];
      const findings = await run.progress('reading records', () => openFindings(records, wanted, run.signal));
      const now = run.clock.now();
      const unaudited = await unauditedClusters({ clusters, state }, wanted, now, run.signal);
      run.output.lines([...findings, ...unaudited]);
      run.output.text(() => {
        const found = findings.length === 0 ? 'No open findings about images.\n' : formatFindings(findings, now, run.terminal);
        return `${found}${formatUnaudited(unaudited, now, run.terminal)}`;
      });
      return findings.length === 0 && unaudited.length === 0 ? 0 : 2;
    },
  );
  const subcommands = [
    imagesAuditCommand,
    imagesRelockCommand,
    imagesTraceCommand,
    imagesReRollCommand,
    imagesAllowListCommand,
    imagesEnforceImmutabilityCommand,
  ];
  for (const subcommand of subcommands) command.addCommand(subcommand(define));
  return command;
}
