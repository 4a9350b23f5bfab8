import { readFile } from 'node:fs/promises';
import type { ClusterRow } from '../fleet/cluster.ts';
import { accessInstructions, accessOf } from '../kubernetes/index.ts';

const MANIFESTS = new URL('../../infra/access/', import.meta.url);

/** What an administrator does once so that a cluster on EKS lets us in; undefined for other clusters, whose credentials bring their rights. */
export async function describeAccess(row: ClusterRow, reconcileRoleArn: string | undefined): Promise<string | undefined> {
  const { connection } = row;
  if (connection.type !== 'eks') return undefined;
  const principalArn = connection.roleArn ?? reconcileRoleArn;
  if (principalArn === undefined) return undefined;
  const manifest = await readFile(new URL(`${accessOf(row.mode)}.yaml`, MANIFESTS), 'utf8');
  const trust =
    connection.roleArn === undefined || reconcileRoleArn === undefined
      ? ''
      : `# The role must let ${reconcileRoleArn} assume it${connection.externalId === undefined ? '' : ', with the external id of the row'}.\n`;
  const { eksName, region } = connection;
  return `# An administrator of the cluster does this once:\n${trust}${accessInstructions({ eksName, region, principalArn, mode: row.mode, manifest })}`;
}
