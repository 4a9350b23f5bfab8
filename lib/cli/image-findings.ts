import { isFindingId, type Severity, severityOf, severityRank } from '../images/finding-table.ts';
import { describeObject } from '../manifests/object.ts';
import type { ObjectRecord, PlumblineRecord } from '../records/record.ts';
import type { RecordStore } from '../storage/stores.ts';
import { describeChanges, describeMessage } from './describe-record.ts';
import { describeMoment } from './moment.ts';
import { cell, formatTable, sentence } from './table.ts';
import type { Screen } from './terminal.ts';
import { count } from './text.ts';

/** A record with how much its finding matters; one that is no finding by itself has no severity. */
export type OpenFinding = ObjectRecord & { readonly severity?: Severity };

/** The open findings about images of these clusters, or of all, those first that matter most. */
export async function openFindings(
  records: Pick<RecordStore, 'query'>,
  clusters: readonly string[] | undefined,
  signal: AbortSignal,
): Promise<readonly OpenFinding[]> {
  const [only, ...others] = clusters ?? [];
  const cluster = only !== undefined && others.length === 0 ? { cluster: only } : {};
  const found = await records.query({ kind: 'image', open: true, ...cluster }, signal);
  return found
    .filter(isImageRecord)
    .filter((record) => clusters === undefined || clusters.includes(record.cluster))
    .toSorted((a, b) => severityRank(a.class) - severityRank(b.class))
    .map((record) => (isFindingId(record.class) ? { ...record, severity: severityOf(record.class) } : record));
}

function isImageRecord(record: PlumblineRecord): record is ObjectRecord {
  return record.kind === 'image';
}

const COLUMNS = [
  { heading: 'CLUSTER', flexible: true },
  { heading: 'SEVERITY' },
  { heading: 'FINDING' },
  { heading: 'SINCE' },
  { heading: 'OBJECTS', flexible: true },
];

/** One row for each image that something is found of, since the message is the same for every object that runs it. */
export function formatFindings(findings: readonly OpenFinding[], now: Date, screen: Screen): string {
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
        cell(first.severity ?? '', first.severity === 'critical' ? 'bad' : 'plain'),
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
