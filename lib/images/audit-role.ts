import type { ClusterRow } from '../fleet/cluster.ts';

/**
 * A row whose cluster is reached through the role that only reads: the one beside the row's own, with this at the end of its name. Without a
 * suffix, and where the row has no role, it is reached as the row says.
 */
export function auditedThrough<Row extends Pick<ClusterRow, 'connection'>>(row: Row, suffix: string): Row {
  const { connection } = row;
  if (connection.type !== 'eks' || connection.roleArn === undefined || suffix === '') return row;
  return { ...row, connection: { ...connection, roleArn: `${connection.roleArn}${suffix}` } };
}
