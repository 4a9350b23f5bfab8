import type { Command } from 'commander';
import { severityRank } from '../images/finding-table.ts';
import { describeObject } from '../manifests/object.ts';
import type { ObjectRecord, PlumblineRecord } from '../records/record.ts';
import { describeChanges, describeMessage } from './describe-record.ts';
import { imagesAllowListCommand } from './images-allow-list.ts';
import { imagesEnforceImmutabilityCommand } from './images-enforce-immutability.ts';
import { imagesReRollCommand } from './images-re-roll.ts';
import { imagesRelockCommand } from './images-relock.ts';
import { imagesTraceCommand } from './images-trace.ts';
import type { DefineCommand } from './leaf-command.ts';
import { describeMoment } from './moment.ts';
import { getCluster } from './select-clusters.ts';
import { cell, formatTable, sentence } from './table.ts';
import type { Screen } from './terminal.ts';
import { count } from './text.ts';

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
      const query = { kind: 'image', open: true, ...(cluster === undefined ? {} : { cluster }) } as const;
      const found = await run.progress('reading records', () => records.query(query, run.signal));
      const findings = found.filter(isImageRecord).toSorted((a, b) => severityRank(a.class) - severityRank(b.class));
      run.output.lines(findings);
      run.output.text(() =>
        findings.length === 0 ? 'No open findings about images.\n' : formatFindings(findings, run.clock.now(), run.terminal),
      );
      return findings.length === 0 ? 0 : 2;
    },
  );
  const subcommands = [
    imagesRelockCommand,
    imagesTraceCommand,
    imagesReRollCommand,
    imagesAllowListCommand,
    imagesEnforceImmutabilityCommand,
  ];
  for (const subcommand of subcommands) command.addCommand(subcommand(define));
  return command;
}

function isImageRecord(record: PlumblineRecord): record is ObjectRecord {
  return record.kind === 'image';
}

const COLUMNS = [
  { heading: 'CLUSTER', flexible: true },
  { heading: 'FINDING' },
  { heading: 'SINCE' },
  { heading: 'OBJECTS', flexible: true },
];

/** One row for each image that something is found of, since the message is the same for every object that runs it. */
function formatFindings(findings: readonly ObjectRecord[], now: Date, screen: Screen): string {
  const byImage = Map.groupBy(findings, ({ cluster, class: id, changes, error }) =>
    JSON.stringify([cluster, id, changes[0]?.path, error?.message]),
  );
  const rows = [...byImage.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const since = group.map(({ at }) => at).toSorted()[0] ?? first.at;
    return {
      cells: [
        cell(first.cluster),
        cell(first.class, first.decision === 'failed' || first.decision === 'blocked' ? 'bad' : 'warning'),
        cell(describeMoment(since, now, screen)),
        cell(group.map(({ object }) => describeObject(object)).join(', ')),
      ],
      beneath:
        first.error === undefined ? describeChanges(first, screen) : sentence(describeMessage(first.error, now, screen), 'plain', screen),
    };
  });
  const clusters = new Set(findings.map(({ cluster }) => cluster)).size;
  return `${formatTable(COLUMNS, rows, screen)}${count(findings.length, 'open finding')} in ${count(clusters, 'cluster')}\n`;
}
