import type { Command } from 'commander';
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
      description: 'Open findings about images: tags that moved, mutable repositories, `latest`. Exit status 2 when there are any.',
      examples: [
        ['images', 'shows the findings of every cluster'],
        ['images prod-eu --json', 'prints those of one cluster as JSON Lines'],
      ],
    },
    async (run, [cluster]) => {
      const { clusters, records } = await run.deployment();
      if (cluster !== undefined) await getCluster(clusters, cluster, run.signal);
      const wanted = cluster === undefined ? undefined : [cluster];
      const findings = await run.progress('reading records', () => openFindings(records, wanted, run.signal));
      run.output.lines(findings);
      run.output.text(() =>
        findings.length === 0 ? 'No open findings about images.\n' : formatFindings(findings, run.clock.now(), run.terminal),
      );
      return findings.length === 0 ? 0 : 2;
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
