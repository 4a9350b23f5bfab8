import type { ClusterRow } from '../fleet/cluster.ts';

/** A row as the table holds it. */
export type RowItem = Readonly<Record<string, string | number>>;

/** The flat item that parses to this row: what `cluster set` checks a change against. */
export function rowItem(row: ClusterRow): RowItem {
  const { connection, intervalSeconds, graceSeconds, holdLimitSeconds, labels, ...rest } = row;
  const { type: _, ...reached } = connection;
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return {
    ...rest,
    ...reached,
    interval: `${intervalSeconds}s`,
    grace: `${graceSeconds}s`,
    holdLimit: `${holdLimitSeconds}s`,
    ...(pairs.length === 0 ? {} : { labels: pairs.join(',') }),
  };
}
