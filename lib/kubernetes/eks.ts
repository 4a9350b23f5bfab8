import { DescribeClusterCommand, type EKSClient } from '@aws-sdk/client-eks';
import { AssumeRoleCommand, type STSClient } from '@aws-sdk/client-sts';
import { awsFaultOf } from '../aws-fault.ts';
import { PlumblineError } from '../errors.ts';
import type { AwsCredentials } from './eks-token.ts';

/** A cluster on EKS cannot be found, or the role in front of it cannot be assumed. */
export class EksError extends PlumblineError {}

export interface EksEndpoint {
  readonly endpoint: string;
  /** Base64 of the PEM bundle. */
  readonly certificateAuthority: string;
}

/**
 * Asks EKS where a cluster's API server is. Throws `EksError`: `ClusterNotFound`, `DescribeClusterRefused`, `ClusterNotReady`, `EksUnavailable`;
 * and `AwsFaultError` where EKS did not answer at all.
 */
export async function describeEksCluster(
  eks: Pick<EKSClient, 'send'>,
  { eksName, region }: { readonly eksName: string; readonly region: string },
  signal: AbortSignal,
): Promise<EksEndpoint> {
  const subject = `EKS cluster ${eksName} in ${region}`;
  const { cluster } = await eks.send(new DescribeClusterCommand({ name: eksName }), { abortSignal: signal }).catch((error: unknown) => {
    signal.throwIfAborted();
    throw describeError(error, subject, { eksName, region });
  });
  const endpoint = cluster?.endpoint;
  const certificateAuthority = cluster?.certificateAuthority?.data;
  if (endpoint === undefined || endpoint === '' || certificateAuthority === undefined || certificateAuthority === '') {
    throw new EksError(
      'ClusterNotReady',
      `${subject}: it has no endpoint and CA yet (status ${cluster?.status ?? 'unknown'}). It is tried again on the next run; wait until it is ACTIVE.`,
    );
  }
  return { endpoint, certificateAuthority };
}

function describeError(
  error: unknown,
  subject: string,
  { eksName, region }: { readonly eksName: string; readonly region: string },
): PlumblineError {
  switch (nameOf(error)) {
    case 'ResourceNotFoundException':
      return new EksError(
        'ClusterNotFound',
        `${subject}: there is none in this account. Check eksName, region, and the account of roleArn.`,
      );
    case 'AccessDeniedException':
    case 'AccessDenied':
      return new EksError(
        'DescribeClusterRefused',
        `${subject}: eks:DescribeCluster is refused. Allow it to this role on arn:aws:eks:*:*:cluster/${eksName}, or correct eksName and region.`,
      );
    default:
      return (
        awsFaultOf(error, { service: 'EKS', operation: 'DescribeCluster', subject: `cluster ${eksName} in ${region}` }) ??
        new EksError('EksUnavailable', `${subject}: EKS could not be asked (${nameOf(error)}). It is tried again on the next run.`)
      );
  }
}

/** The credentials last for an hour: the most that a role assumed by a role may have. */
const SESSION_SECONDS = 3_600;

export interface AssumedRole {
  readonly roleArn: string;
  readonly externalId?: string;
  /** The row's name; part of the session's name in CloudTrail and in the API server's audit log. */
  readonly cluster: string;
}

/**
 * Assumes the role through which a cluster is reached. Throws `EksError`: `AssumeRoleRefused`, `StsUnavailable`; and `AwsFaultError` where STS
 * did not answer at all.
 */
export async function assumeRole(sts: Pick<STSClient, 'send'>, role: AssumedRole, signal: AbortSignal): Promise<AwsCredentials> {
  const command = new AssumeRoleCommand({
    RoleArn: role.roleArn,
    RoleSessionName: roleSessionName(role.cluster),
    DurationSeconds: SESSION_SECONDS,
    ...(role.externalId === undefined ? {} : { ExternalId: role.externalId }),
  });
  const { Credentials: given } = await sts.send(command, { abortSignal: signal }).catch((error: unknown) => {
    signal.throwIfAborted();
    throw assumeError(error, role);
  });
  if (given?.AccessKeyId === undefined || given.SecretAccessKey === undefined) throw assumeError(undefined, role);
  return {
    accessKeyId: given.AccessKeyId,
    secretAccessKey: given.SecretAccessKey,
    ...(given.SessionToken === undefined ? {} : { sessionToken: given.SessionToken }),
    ...(given.Expiration === undefined ? {} : { expiration: given.Expiration }),
  };
}

/** `plumbline-<cluster>` in the characters and the length that STS takes. */
export function roleSessionName(cluster: string): string {
  return `plumbline-${cluster.replace(/[^\w+=,.@-]/g, '-')}`.slice(0, 64);
}

function assumeError(error: unknown, { roleArn, externalId }: AssumedRole): PlumblineError {
  const name = nameOf(error);
  if (name === 'AccessDenied' || name === 'AccessDeniedException') {
    const condition =
      externalId === undefined ? 'without asking for an external id' : 'with exactly this row’s externalId as sts:ExternalId';
    return new EksError(
      'AssumeRoleRefused',
      `role ${roleArn}: it may not be assumed. Its trust policy must allow sts:AssumeRole to the reconcile function’s role, ${condition}, and that role must be allowed to assume it.`,
    );
  }
  if (name === 'ValidationError' || name === 'ValidationException') {
    return new EksError(
      'AssumeRoleRefused',
      `role ${roleArn}: STS does not take it as a role. Accepted is arn:aws:iam::ACCOUNT:role/NAME.`,
    );
  }
  return (
    awsFaultOf(error, { service: 'STS', operation: 'AssumeRole', subject: `role ${roleArn}` }) ??
    new EksError('StsUnavailable', `role ${roleArn}: STS could not be asked (${name}). It is tried again on the next run.`)
  );
}

/** Names only: messages of AWS may hold what was sent. */
function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'no credentials in the answer';
}
