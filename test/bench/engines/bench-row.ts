import { readFile } from 'node:fs/promises';
import type { ClusterRow } from '../../../lib/fleet/cluster.ts';
import { isJsonArray, isJsonObject, parseJson } from '../../../lib/manifests/json.ts';
import { normalise } from '../../../lib/manifests/normalise.ts';
import type { Artifact } from '../../../lib/source/artifact.ts';
import { clusterRow } from '../../helpers/cluster-row.ts';

/** The row of the cluster that is measured: enforced, each minute. */
export function benchRow(endpoint: string, certificateAuthority: string): ClusterRow {
  return clusterRow('bench', {
    connection: { type: 'endpoint', endpoint, certificateAuthority, clusterSecret: 'unused' },
    mode: 'enforce',
  });
}

/** What a commit with the objects of that file, a `List`, would render to. */
export async function readArtifact(file: string, row: ClusterRow): Promise<Artifact> {
  const list = parseJson(await readFile(file, 'utf8'));
  const items = isJsonObject(list) && isJsonArray(list.items) ? list.items : [];
  return {
    schemaVersion: 1,
    repository: row.repository,
    reference: row.branch,
    revision: '1'.padStart(40, '0'),
    path: row.path,
    ...normalise(items.map((value, index) => ({ where: `bench.json:${index}`, value }))),
    digests: [],
    findings: [],
    blocked: {},
    renderedAt: '2026-01-01T00:00:00.000Z',
  };
}
