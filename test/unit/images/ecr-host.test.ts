import { describe, expect, it } from 'vitest';
import { ecrHostOf } from '../../../lib/images/ecr/host.ts';

describe('ecrHostOf', () => {
  it.each([
    ['123456789012.dkr.ecr.eu-west-1.amazonaws.com', 'eu-west-1'],
    ['123456789012.DKR.ECR.EU-WEST-1.amazonaws.com', 'eu-west-1'],
    ['123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com', 'us-gov-west-1'],
    ['123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn', 'cn-north-1'],
    ['123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu', 'eusc-de-east-1'],
    ['123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov', 'us-iso-east-1'],
    ['123456789012.dkr.ecr.us-isob-east-1.sc2s.sgov.gov', 'us-isob-east-1'],
    ['123456789012.dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk', 'eu-isoe-west-1'],
    ['123456789012.dkr.ecr.us-isof-south-1.csp.hci.ic.gov', 'us-isof-south-1'],
    ['123456789012.dkr-ecr.us-west-2.on.aws', 'us-west-2'],
    ['123456789012.dkr-ecr-fips.us-west-2.on.aws', 'us-west-2'],
    ['123456789012.dkr-ecr.cn-northwest-1.on.amazonwebservices.com.cn', 'cn-northwest-1'],
  ])('reads account and region from %s', (registry, region) => {
    expect(ecrHostOf(registry)).toEqual({ account: '123456789012', region });
  });

  it.each([
    'public.ecr.aws',
    'docker.io',
    '12345678901.dkr.ecr.eu-west-1.amazonaws.com',
    '1234567890123.dkr.ecr.eu-west-1.amazonaws.com',
    '123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.example',
    'evil-123456789012.dkr.ecr.eu-west-1.amazonaws.com',
    '123456789012.dkr.ecr.eu-west-1.amazonaws.com:8443',
    '123456789012.dkr.ecr.eu-west-1.evil.com.amazonaws.com',
    '123456789012.dkr.ecr..amazonaws.com',
    '123456789012.dkr-ecr.us-west-2.amazonaws.com',
    '123456789012.dkr.ecr.us-west-2.on.aws',
    '123456789012xdkr.ecr.eu-west-1.amazonaws.com',
  ])('does not take %s for ECR', (registry) => {
    expect(ecrHostOf(registry)).toBeUndefined();
  });
});
