import type { ClusterRow } from '../../lib/fleet/cluster.ts';

/** A row as `parseRow` fills it in, of a cluster on EKS. */
export function clusterRow(cluster: string, fields: Partial<ClusterRow> = {}): ClusterRow {
  return {
    cluster,
    connection: { type: 'eks', eksName: cluster, region: 'eu-west-1' },
    repository: 'https://git.example/shop.git',
    branch: 'main',
    path: 'apps',
    mode: 'observe',
    intervalSeconds: 60,
    graceSeconds: 0,
    holdLimitSeconds: 86_400,
    wave: 0,
    imagePolicy: 'lock',
    labels: {},
    ...fields,
  };
}
