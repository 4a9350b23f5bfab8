import { type AwsFault, answers, hangs, resets } from '../../helpers/aws-border.ts';
import { HEALTH, NETWORK, WAIT } from './store-fault.ts';

/** One thing that happens on the way to a cluster on EKS, before its API server is asked anything. */
export interface ConnectionFault {
  readonly what: string;
  readonly service: 'sts' | 'eks';
  readonly fault: () => AwsFault;
  readonly reason: string;
  readonly says: readonly string[];
  readonly remedy: string;
}

const ASSUME = 'STS AssumeRole of role arn:aws:iam::';
const DESCRIBE = 'EKS DescribeCluster of cluster prod-eu in ';
const ACCESS = "correct the role's policies";

export const CONNECTION_FAULTS: readonly ConnectionFault[] = [
  {
    what: 'STS refuses the role',
    service: 'sts',
    fault: () => answers(403, 'AccessDenied'),
    reason: 'AssumeRoleRefused',
    says: ['role arn:aws:iam::', 'Its trust policy must allow sts:AssumeRole'],
    remedy: ACCESS,
  },
  {
    what: 'STS answers 500',
    service: 'sts',
    fault: () => answers(500, 'InternalFailure'),
    reason: 'AwsFailed',
    says: [ASSUME, 'answered 500'],
    remedy: HEALTH,
  },
  {
    what: 'STS throttles',
    service: 'sts',
    fault: () => answers(400, 'Throttling'),
    reason: 'AwsThrottled',
    says: [ASSUME, 'throttled'],
    remedy: WAIT,
  },
  {
    what: 'STS does not answer',
    service: 'sts',
    fault: () => hangs,
    reason: 'AwsUnreachable',
    says: [ASSUME, 'no whole answer'],
    remedy: NETWORK,
  },
  {
    what: 'EKS refuses to describe the cluster',
    service: 'eks',
    fault: () => answers(403, 'AccessDeniedException'),
    reason: 'DescribeClusterRefused',
    says: ['EKS cluster prod-eu in ', 'eks:DescribeCluster is refused. Allow it to this role'],
    remedy: ACCESS,
  },
  {
    what: 'EKS answers 500',
    service: 'eks',
    fault: () => answers(500, 'ServerException'),
    reason: 'AwsFailed',
    says: [DESCRIBE, 'answered 500'],
    remedy: HEALTH,
  },
  {
    what: 'EKS throttles',
    service: 'eks',
    fault: () => answers(429, 'TooManyRequestsException'),
    reason: 'AwsThrottled',
    says: [DESCRIBE, 'throttled'],
    remedy: WAIT,
  },
  {
    what: 'the connection to EKS is reset',
    service: 'eks',
    fault: () => resets,
    reason: 'AwsUnreachable',
    says: [DESCRIBE, 'ECONNRESET'],
    remedy: NETWORK,
  },
  {
    what: 'EKS does not answer',
    service: 'eks',
    fault: () => hangs,
    reason: 'AwsUnreachable',
    says: [DESCRIBE, 'no whole answer'],
    remedy: NETWORK,
  },
];
