import { describe, expect, it } from 'vitest';
import { checkEksToken, principalOf } from '../../../lib/local/eks-token-check.ts';

const now = new Date('2026-11-25T12:00:00Z');
const RIGHT: Readonly<Record<string, string>> = {
  Action: 'GetCallerIdentity',
  Version: '2011-06-15',
  'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
  'X-Amz-Credential': 'ASIAEXAMPLE/20261125/eu-central-1/sts/aws4_request',
  'X-Amz-Date': '20261125T115900Z',
  'X-Amz-Expires': '60',
  'X-Amz-Security-Token': 'session',
  'X-Amz-SignedHeaders': 'host;x-k8s-aws-id',
  'X-Amz-Signature': '0'.repeat(64),
};

function tokenWith(change: Readonly<Record<string, string | undefined>> = {}, base = 'https://sts.eu-central-1.amazonaws.com/'): string {
  const url = new URL(base);
  for (const [name, value] of Object.entries({ ...RIGHT, ...change })) if (value !== undefined) url.searchParams.set(name, value);
  return wrap(url.href);
}

function wrap(url: string): string {
  return `k8s-aws-v1.${Buffer.from(url).toString('base64url')}`;
}

const check = (token: string) => checkEksToken(token, { cluster: 'prod-eu', region: 'eu-central-1', now });

it('gives the request as it was signed, under this cluster’s own name', () => {
  const { pathAndQuery, headers } = check(tokenWith());
  expect(headers).toEqual({ host: 'sts.eu-central-1.amazonaws.com', 'x-k8s-aws-id': 'prod-eu' });
  expect(Object.fromEntries(new URLSearchParams(pathAndQuery.slice(2)))).toEqual(RIGHT);
});

it.each([
  ['15 minutes old', '20261125T114500Z'],
  ['a minute ahead, as clocks differ', '20261125T120100Z'],
])('accepts one that is %s', (_age, date) => {
  expect(() => check(tokenWith({ 'X-Amz-Date': date }))).not.toThrow();
});

describe('refuses one', () => {
  const cases: readonly (readonly [what: string, token: string, reason: string])[] = [
    ['without the prefix', tokenWith().slice(3), 'InvalidToken'],
    ['with padding', `${tokenWith()}==`, 'InvalidToken'],
    ['that is very long', tokenWith({ 'X-Amz-Security-Token': 'x'.repeat(10_000) }), 'InvalidToken'],
    ['over plain HTTP', tokenWith({}, 'http://sts.eu-central-1.amazonaws.com/'), 'InvalidToken'],
    ['with another path', tokenWith({}, 'https://sts.eu-central-1.amazonaws.com/x'), 'InvalidToken'],
    ['with a user', tokenWith({}, 'https://user@sts.eu-central-1.amazonaws.com/'), 'InvalidToken'],
    ['with a port', tokenWith({}, 'https://sts.eu-central-1.amazonaws.com:8443/'), 'InvalidToken'],
    ['for the global endpoint', tokenWith({}, 'https://sts.amazonaws.com/'), 'WrongRegion'],
    ['for a host that only begins like ours', tokenWith({}, 'https://sts.eu-central-1.amazonaws.com.example.com/'), 'WrongRegion'],
    ['with another region in its scope', tokenWith({ 'X-Amz-Credential': 'A/20261125/us-east-1/sts/aws4_request' }), 'WrongRegion'],
    ['with another action', tokenWith({ Action: 'AssumeRole' }), 'InvalidToken'],
    ['without an action', tokenWith({ Action: undefined }), 'InvalidToken'],
    ['with another parameter', tokenWith({ Policy: '{}' }), 'InvalidToken'],
    ['with a parameter twice, in another case', tokenWith({ action: 'GetCallerIdentity' }), 'InvalidToken'],
    ['that does not sign the cluster’s name', tokenWith({ 'X-Amz-SignedHeaders': 'host' }), 'InvalidToken'],
    ['that does not sign the host', tokenWith({ 'X-Amz-SignedHeaders': 'x-k8s-aws-id' }), 'InvalidToken'],
    ['without a date', tokenWith({ 'X-Amz-Date': undefined }), 'InvalidToken'],
    ['with a date that is none', tokenWith({ 'X-Amz-Date': '20261341T990000Z' }), 'InvalidToken'],
    ['that is meant to live for days', tokenWith({ 'X-Amz-Expires': '604800' }), 'InvalidToken'],
    ['that is older than 15 minutes', tokenWith({ 'X-Amz-Date': '20261125T114459Z' }), 'TokenExpired'],
    ['from the future', tokenWith({ 'X-Amz-Date': '20261125T120101Z' }), 'TokenNotYetValid'],
  ];
  it.each(cases)('%s', (_what, token, reason) => {
    expect(() => check(token)).toThrow(expect.objectContaining({ name: 'TokenRefusedError', reason }));
  });
});

it.each([
  ['arn:aws:sts::111122223333:assumed-role/reader/run-1', 'arn:aws:iam::111122223333:role/reader', 'run-1'],
  ['arn:aws-cn:sts::111122223333:assumed-role/reader/a@b', 'arn:aws-cn:iam::111122223333:role/reader', 'a@b'],
  ['arn:aws:iam::111122223333:user/someone', 'arn:aws:iam::111122223333:user/someone', ''],
])('%s is the principal %s', (caller, principalArn, session) => {
  expect(principalOf(caller)).toEqual({ principalArn, session });
});
