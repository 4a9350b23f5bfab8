import { readFile } from 'node:fs/promises';
import type { ClusterRow } from '../fleet/cluster.ts';
import { accessInstructions, accessOf } from '../kubernetes/access.ts';

const MANIFESTS = new URL('../../infra/access/', import.meta.url);

/** What an administrator does once so that a cluster on EKS lets us in. */
export interface RequiredAccess {
  /** A sentence each, in order. */
  readonly steps: readonly string[];
  /** Shell commands for the steps inside the cluster. */
  readonly commands: string;
}

/** Undefined for clusters that are not on EKS: their credentials bring their rights. */
export async function describeAccess(row: ClusterRow, reconcileRoleArn: string | undefined): Promise<RequiredAccess | undefined> {
  const { connection } = row;
  if (connection.type !== 'eks') return undefined;
  const { eksName, region, roleArn, externalId } = connection;
  const principalArn = roleArn ?? reconcileRoleArn;
  if (principalArn === undefined) return undefined;
  const access = accessOf(row.mode);
  const manifest = await readFile(new URL(`${access}.yaml`, MANIFESTS), 'utf8');
  const may = access === 'enforce' ? 'which may write what Git names' : 'with a policy that lets only its dry-runs pass';
  return {
    steps: [
      ...(roleArn === undefined || reconcileRoleArn === undefined
        ? []
        : [`Role: ${roleArn} lets ${reconcileRoleArn} assume it${externalId === undefined ? '' : ', with the external id of the row'}.`]),
      `Access entry: it puts ${principalArn} into the Kubernetes group plumbline:${access}.`,
      `ClusterRole: plumbline-${access} for that group, ${may}.`,
    ],
    commands: accessInstructions({ eksName, region, principalArn, mode: row.mode, manifest }),
  };
}
