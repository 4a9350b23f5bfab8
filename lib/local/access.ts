import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Sha256 } from '@aws-crypto/sha256-js';
import { CreateAccessEntryCommand, CreateClusterCommand, DescribeClusterCommand, type EKSClient } from '@aws-sdk/client-eks';
import { SignatureV4 } from '@smithy/signature-v4';
import { Agent, request } from 'undici';
import { parseAllDocuments } from 'yaml';
import type { ControlPlane } from './clusters.ts';
import { LOCAL_ACCOUNT, LOCAL_REGION, LOCAL_ROOT_KEYS } from './emulator.ts';
import { LocalEnvironmentError } from './host.ts';

/** What Plumbline may do on a cluster: the manifests of `infra/access/`. */
export type Access = 'enforce' | 'observe';

const SERVICE_ROLE = 'eks-cluster';

/** Creates the role that EKS itself works under: one for all clusters. */
export async function createServiceRole(endpoint: string): Promise<void> {
  const trust = policy({ Principal: { Service: 'eks.amazonaws.com' }, Action: 'sts:AssumeRole' });
  await callIam(endpoint, 'CreateRole', { RoleName: SERVICE_ROLE, AssumeRolePolicyDocument: trust });
}

/**
 * Registers a running cluster with the emulator's EKS and creates the role through which it is reached, as a user does on AWS: a
 * role that only a caller with the external id may assume, and an access entry that puts it into the group of its access.
 */
export async function createEksCluster(
  cluster: { readonly eksName: string; readonly access: Access; readonly externalId: string },
  endpoint: string,
  eks: EKSClient,
): Promise<{ readonly roleArn: string }> {
  const { eksName, externalId } = cluster;
  const roleName = `plumbline-${eksName}`;
  const roleArn = `arn:aws:iam::${LOCAL_ACCOUNT}:role/${roleName}`;
  await callIam(endpoint, 'CreateRole', {
    RoleName: roleName,
    AssumeRolePolicyDocument: policy({
      Principal: { AWS: `arn:aws:iam::${LOCAL_ACCOUNT}:root` },
      Action: 'sts:AssumeRole',
      Condition: { StringEquals: { 'sts:ExternalId': externalId } },
    }),
  });
  await callIam(endpoint, 'PutRolePolicy', {
    RoleName: roleName,
    PolicyName: 'describe-cluster',
    PolicyDocument: policy({ Action: 'eks:DescribeCluster', Resource: `arn:aws:eks:${LOCAL_REGION}:${LOCAL_ACCOUNT}:cluster/${eksName}` }),
  });
  await eks.send(
    new CreateClusterCommand({
      name: eksName,
      roleArn: `arn:aws:iam::${LOCAL_ACCOUNT}:role/${SERVICE_ROLE}`,
      resourcesVpcConfig: { subnetIds: ['subnet-00000001', 'subnet-00000002'] },
      accessConfig: { authenticationMode: 'API', bootstrapClusterCreatorAdminPermissions: false },
    }),
  );
  await activeCluster(eksName, eks);
  await eks.send(
    new CreateAccessEntryCommand({ clusterName: eksName, principalArn: roleArn, kubernetesGroups: [`plumbline:${cluster.access}`] }),
  );
  return { roleArn };
}

async function activeCluster(name: string, eks: EKSClient): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const { cluster } = await eks.send(new DescribeClusterCommand({ name }));
    if (cluster?.status === 'ACTIVE') return;
    await sleep(50);
  }
  throw new LocalEnvironmentError(`EKS cluster ${name} did not become ACTIVE in the emulator within 5 s; its log says why`);
}

function policy(statement: object): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...statement }] });
}

/** IAM is called by its Query protocol: an SDK client for two calls would be one more dependency. */
async function callIam(endpoint: string, action: string, parameters: Readonly<Record<string, string>>): Promise<void> {
  const signer = new SignatureV4({
    service: 'iam',
    region: LOCAL_REGION,
    sha256: Sha256,
    credentials: { accessKeyId: LOCAL_ROOT_KEYS.AWS_ACCESS_KEY_ID, secretAccessKey: LOCAL_ROOT_KEYS.AWS_SECRET_ACCESS_KEY },
  });
  const { host, hostname, port } = new URL(endpoint);
  const body = new URLSearchParams({ Action: action, Version: '2010-05-08', ...parameters }).toString();
  const signed = await signer.sign({
    method: 'POST',
    protocol: 'http:',
    hostname,
    port: Number(port),
    path: '/',
    query: {},
    headers: { host, 'content-type': 'application/x-www-form-urlencoded' },
    body,
  });
  const response = await fetch(endpoint, { method: 'POST', headers: signed.headers, body });
  const text = await response.text();
  if (!response.ok) throw new LocalEnvironmentError(`IAM ${action} failed with ${response.status} in the emulator: ${text.slice(0, 500)}`);
}

/** Applies the manifests that users apply on EKS, both, as the administrator. */
export async function applyAccessManifests(controlPlane: ControlPlane, project: string): Promise<void> {
  const agent = new Agent({ connect: { ca: Buffer.from(controlPlane.certificateAuthority, 'base64').toString('utf8') } });
  try {
    for (const access of ['enforce', 'observe']) {
      const file = join(project, 'infra', 'access', `${access}.yaml`);
      for (const document of parseAllDocuments(await readFile(file, 'utf8'))) {
        const object: { apiVersion: string; kind: string; metadata: { name: string } } = document.toJS();
        await applyObject(object, controlPlane, agent);
      }
    }
  } finally {
    await agent.close();
  }
}

async function applyObject(
  object: { readonly apiVersion: string; readonly kind: string; readonly metadata: { readonly name: string } },
  controlPlane: ControlPlane,
  agent: Agent,
): Promise<void> {
  // All kinds in those files are regular: cluster-scoped, of a named group.
  const plural = object.kind.endsWith('y') ? `${object.kind.slice(0, -1)}ies` : `${object.kind}s`;
  const path = `/apis/${object.apiVersion}/${plural.toLowerCase()}/${object.metadata.name}?fieldManager=plumbline-local&force=true`;
  const { statusCode, body } = await request(`${controlPlane.endpoint}${path}`, {
    method: 'PATCH',
    dispatcher: agent,
    headers: { authorization: `Bearer ${controlPlane.adminToken}`, 'content-type': 'application/apply-patch+yaml' },
    body: JSON.stringify(object),
  });
  const text = await body.text();
  if (statusCode >= 300)
    throw new LocalEnvironmentError(`${object.kind} ${object.metadata.name} could not be applied: ${statusCode} ${text.slice(0, 500)}`);
}
