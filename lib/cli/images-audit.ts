import type { Command } from 'commander';
import type { AuditOutcome } from '../images/index.ts';
import { formatFindings, openFindings } from './image-findings.ts';
import type { DefineCommand } from './leaf-command.ts';
import { selectClusters } from './select-clusters.ts';
import { count, printable } from './text.ts';

export function imagesAuditCommand(define: DefineCommand): Command {
  return define(
    {
      usage: 'audit [cluster...]',
      description:
        'Holds the images of clusters against their registries and their pods, now and in this process, and records what it finds. Exit status 2 when there is anything, 1 when a cluster could not be audited.',
      examples: [
        ['images audit', 'audits every cluster'],
        ['images audit prod-eu --json', 'prints the open findings of one as JSON Lines, and a line a cluster'],
      ],
    },
    async (run, names) => {
      const { clusters, records, images } = await run.deployment();
      const entries = await selectClusters(clusters, names, run.signal);
      const wanted = entries.map(({ cluster }) => cluster);
      const outcomes = await run.progress(`auditing images of ${count(wanted.length, 'cluster')}`, () => images.audit(wanted, run.signal));
      const findings = await openFindings(records, wanted, run.signal);
      const audited = new Map(outcomes.map((outcome) => [outcome.cluster, outcome]));
      // Nothing was published for those yet, or their row is wrong.
      const lines = entries.map((entry): AuditLine => {
        const failure = 'invalid' in entry ? entry.invalid : NOT_PUBLISHED;
        return { kind: 'audit', ...(audited.get(entry.cluster) ?? { cluster: entry.cluster, failure }) };
      });
      const problems = lines.flatMap((line) => {
        const failure = 'failure' in line ? line.failure : (line.podFailure ?? line.notKept);
        return failure === undefined ? [] : [`${line.cluster}: ${failure.message}`];
      });
      for (const problem of problems) run.terminal.error(`error: ${printable(problem)}\n`);
      run.output.lines([...findings, ...lines]);
      run.output.text(() =>
        findings.length === 0
          ? `No open findings about images of ${count(wanted.length, 'cluster')}.\n`
          : formatFindings(findings, run.clock.now(), run.terminal),
      );
      if (problems.length > 0) return 1;
      return findings.length === 0 ? 0 : 2;
    },
  );
}

type AuditLine = AuditOutcome & { readonly kind: 'audit' };

const NOT_PUBLISHED = {
  reason: 'NotPublished',
  message: 'nothing is published for it yet, so it is not known which images it should run. See `plumbline status`.',
};
