import type { Command } from 'commander';
import { describeObject } from '../manifests/object.ts';
import type { ObjectRecord, PlumblineRecord } from '../records/record.ts';
import type { Colors } from './colors.ts';
import { describeTime } from './describe-record.ts';
import type { DefineCommand } from './leaf-command.ts';
import { getCluster } from './select-clusters.ts';
import { cell, formatTable } from './table.ts';
import { count } from './text.ts';

export function imagesCommand(define: DefineCommand): Command {
  return define(
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
      const found = await records.query({ kind: 'image', open: true, ...(cluster === undefined ? {} : { cluster }) }, run.signal);
      const findings = found.filter(isImageRecord);
      run.output.lines(findings);
      run.output.text(() => (findings.length === 0 ? 'No open findings about images.\n' : formatFindings(findings, run.terminal.colors)));
      return findings.length === 0 ? 0 : 2;
    },
  );
}

function isImageRecord(record: PlumblineRecord): record is ObjectRecord {
  return record.kind === 'image';
}

function formatFindings(findings: readonly ObjectRecord[], colors: Colors): string {
  const rows = findings.map((finding) => ({
    cells: [
      cell(finding.cluster),
      cell(finding.class, finding.decision === 'failed' || finding.decision === 'blocked' ? 'bad' : 'warning'),
      cell(describeObject(finding.object)),
      cell(finding.changes[0]?.path ?? '-'),
      cell(describeTime(finding.at)),
    ],
    beneath: finding.error === undefined ? [] : [cell(finding.error.message, 'quiet')],
  }));
  const clusters = new Set(findings.map(({ cluster }) => cluster)).size;
  const table = formatTable(['CLUSTER', 'FINDING', 'OBJECT', 'IMAGE', 'SINCE'], rows, colors);
  return `${table}${count(findings.length, 'open finding')} in ${count(clusters, 'cluster')}\n`;
}
