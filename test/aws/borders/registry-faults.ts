import { type AwsFault, type AwsRequest, answers, cuts, hangs, resets } from '../../helpers/aws-border.ts';
import { HEALTH, NETWORK } from './store-fault.ts';

/** One thing that ECR does when `source` asks which digest a new tag names. */
export interface RegistryFault {
  readonly what: string;
  readonly fault: () => AwsFault;
  /** In the records of the workload that needs the image. */
  readonly says: readonly string[];
  readonly remedy: string;
}

export const REGISTRY_FAULTS: readonly RegistryFault[] = [
  {
    what: 'ECR refuses us',
    fault: () => answers(403, 'AccessDeniedException'),
    says: ['ECR BatchGetImage of repository team/', 'Deploy the stacks again'],
    remedy: 'allow it in the policy of the repository, or deploy the stacks again',
  },
  {
    what: 'ECR answers 500',
    fault: () => answers(500, 'ServerException'),
    says: ['ECR BatchGetImage of repository team/', 'answered 500'],
    remedy: HEALTH,
  },
  {
    what: 'ECR throttles',
    fault: () => answers(400, 'ThrottlingException'),
    says: ['ECR BatchGetImage of repository team/', 'throttled'],
    remedy: 'nothing: the next poll asks again',
  },
  {
    what: 'ECR resets the connection',
    fault: () => resets,
    says: ['ECR BatchGetImage of repository team/', 'ECONNRESET'],
    remedy: NETWORK,
  },
  {
    what: 'ECR sends half an answer',
    fault: () => cuts,
    says: ['ECR BatchGetImage of repository team/', 'no whole answer'],
    remedy: NETWORK,
  },
  {
    what: 'ECR does not answer',
    fault: () => hangs,
    says: ['ECR BatchGetImage of repository team/', 'no whole answer'],
    remedy: NETWORK,
  },
];

/** Of our own table, while the images of a cluster are audited. */
export const HISTORY_FAULT = {
  what: 'DynamoDB does not give the history of a tag to an audit',
  meets: ({ service, operation, text }: AwsRequest) => service === 'dynamodb' && operation === 'Query' && text.includes('tag#'),
  fault: () => answers(500, 'InternalServerError'),
  remedy: HEALTH,
} as const;
