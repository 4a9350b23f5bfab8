import { answers, hangs } from '../../helpers/aws-border.ts';
import { ended, HEALTH, LIMIT, NETWORK, type StoreFault } from './store-fault.ts';

export const SECRET_FAULTS: readonly StoreFault[] = [
  {
    what: 'KMS throttles the data key of the Secrets',
    meets:
      () =>
      ({ service, operation }) =>
        service === 'kms' && operation === 'Decrypt',
    fault: () => answers(400, 'ThrottlingException'),
    ...ended,
    reason: 'AwsThrottled',
    says: ['KMS Decrypt of key'],
    remedy: LIMIT,
  },
  {
    what: 'the key of the Secrets is disabled',
    meets:
      () =>
      ({ service, operation }) =>
        service === 'kms' && operation === 'Decrypt',
    fault: () => answers(400, 'DisabledException'),
    ...ended,
    reason: 'AwsRefused',
    says: ['KMS Decrypt of key', 'DisabledException', 'Enable it again'],
    remedy: 'enable the key again',
  },
  {
    what: 'KMS does not verify the digest',
    meets:
      ({ digest }) =>
      ({ service, operation, text }) =>
        service === 'kms' && operation === 'VerifyMac' && text.includes(Buffer.from(digest, 'hex').toString('base64')),
    fault: () => answers(500, 'KMSInternalException'),
    ...ended,
    reason: 'AwsFailed',
    says: ['KMS VerifyMac of key'],
    remedy: HEALTH,
  },
  {
    what: 'Secrets Manager answers 500 for the token',
    meets:
      ({ secret }) =>
      ({ service, text }) =>
        service === 'secretsmanager' && text.includes(secret),
    fault: () => answers(500, 'InternalServiceError'),
    ...ended,
    reason: 'AwsFailed',
    says: ['Secrets Manager GetSecretValue of secret borders-'],
    remedy: HEALTH,
  },
  {
    what: 'Secrets Manager does not answer',
    meets:
      ({ secret }) =>
      ({ service, text }) =>
        service === 'secretsmanager' && text.includes(secret),
    fault: () => hangs,
    ...ended,
    reason: 'AwsUnreachable',
    says: ['Secrets Manager GetSecretValue of secret borders-', 'no whole answer'],
    remedy: NETWORK,
  },
];
