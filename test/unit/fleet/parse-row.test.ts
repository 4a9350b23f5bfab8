import { describe, expect, it } from 'vitest';
import { parseRow } from '../../../lib/fleet/index.ts';

const certificateAuthority = Buffer.from('-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n').toString('base64');
const onEks = { cluster: 'prod-eu', eksName: 'prod', region: 'eu-west-1', repository: 'https://git.example/shop' };
const onEndpoint = {
  cluster: 'edge',
  endpoint: 'https://10.0.0.1:6443',
  certificateAuthority,
  clusterSecret: 'plumbline/edge',
  repository: 'https://git.example/shop',
};

const message = (item: Record<string, unknown>): string => {
  const entry = parseRow(item);
  return 'invalid' in entry ? entry.invalid.message : 'valid';
};

describe('a row of the clusters table', () => {
  it('needs a name, a connection and a repository; the rest has defaults, and observing is one', () => {
    expect(parseRow(onEks)).toEqual({
      cluster: 'prod-eu',
      row: {
        cluster: 'prod-eu',
        connection: { type: 'eks', eksName: 'prod', region: 'eu-west-1' },
        repository: 'https://git.example/shop',
        branch: 'main',
        path: '.',
        mode: 'observe',
        intervalSeconds: 60,
        graceSeconds: 0,
        holdLimitSeconds: 86_400,
        wave: 0,
        imagePolicy: 'lock',
        labels: {},
      },
    });
  });

  it('takes every attribute', () => {
    const item = {
      ...onEks,
      roleArn: 'arn:aws:iam::123456789012:role/team/plumbline',
      externalId: 'ext-1',
      branch: 'release/1.2',
      path: '/clusters/prod-eu/',
      credentialsSecret: 'plumbline/git',
      remoteBases: 'allow',
      mode: 'enforce',
      interval: '1h30m',
      grace: '90s',
      holdLimit: '12h',
      wave: 2,
      imagePolicy: 'require-digest',
      suspendedUntil: '2027-01-31T18:00:00+01:00',
      suspendedReason: 'cluster upgrade',
      labels: 'team=shop, tier=1',
    };
    expect(parseRow(item)).toMatchObject({
      row: {
        connection: { type: 'eks', roleArn: item.roleArn, externalId: 'ext-1' },
        branch: 'release/1.2',
        path: 'clusters/prod-eu',
        credentialsSecret: 'plumbline/git',
        remoteBases: 'allow',
        mode: 'enforce',
        intervalSeconds: 5400,
        graceSeconds: 90,
        holdLimitSeconds: 43_200,
        wave: 2,
        imagePolicy: 'require-digest',
        suspendedUntil: item.suspendedUntil,
        suspendedReason: 'cluster upgrade',
        labels: { team: 'shop', tier: '1' },
      },
    });
    expect(parseRow({ ...onEks, wave: '3' })).toMatchObject({ row: { wave: 3 } });
  });

  it('reaches a cluster that is not on EKS by endpoint, certificate authority and secret', () => {
    const { endpoint, clusterSecret } = onEndpoint;
    expect(parseRow(onEndpoint)).toMatchObject({
      row: { connection: { type: 'endpoint', endpoint, certificateAuthority, clusterSecret } },
    });
  });

  it.each([
    ['no repository', { ...onEks, repository: undefined }, /attribute repository is not set; accepted: an https:\/\/ URL/],
    ['remote bases that are neither', { ...onEks, remoteBases: 'yes' }, /attribute remoteBases is "yes"; accepted: allow or refuse/],
    ['a mode that is none', { ...onEks, mode: 'enforced' }, /attribute mode is "enforced"; accepted: observe, enforce or off/],
    ['a number where text belongs', { ...onEks, interval: 60 }, /attribute interval is 60; accepted: a duration of at least a minute/],
    ['an interval under a minute', { ...onEks, interval: '59s' }, /attribute interval is "59s"/],
    ['a duration without a unit', { ...onEks, grace: '15' }, /attribute grace is "15"; accepted: a duration such as/],
    ['a name with capitals', { ...onEks, cluster: 'Prod' }, /attribute cluster is "Prod"; accepted: lower-case letters/],
    ['a path that leaves the repository', { ...onEks, path: 'apps/../../etc' }, /attribute path is "apps\/\.\.\/\.\.\/etc"/],
    ['a branch that git would read as an option', { ...onEks, branch: '--upload-pack=x' }, /attribute branch is "--upload-pack=x"/],
    ['a branch with a blank', { ...onEks, branch: 'my branch' }, /attribute branch is "my branch"/],
    ['an SSH repository', { ...onEks, repository: 'git@github.com:o/r.git' }, /use the HTTPS URL/],
    ['a CodeCommit repository', { ...onEks, repository: 'codecommit::eu-west-1://r' }, /use the HTTPS URL/],
    ['a role that is none', { ...onEks, roleArn: 'plumbline' }, /attribute roleArn is "plumbline"; accepted: the ARN/],
    ['labels without values', { ...onEks, labels: 'shop' }, /attribute labels is "shop"; accepted: key=value pairs/],
    ['an unknown attribute', { ...onEks, branche: 'x' }, /attribute branche is not known; accepted: cluster, eksName/],
    ['eksName without region', { ...onEks, region: undefined }, /attribute region is not set; a row with eksName needs an AWS region/],
    ['an external id without a role', { ...onEks, externalId: 'e-1' }, /attribute roleArn is not set; an externalId needs/],
    ['two connections', { ...onEndpoint, ...onEks }, /attribute endpoint is set beside eksName/],
    [
      'no connection',
      { cluster: 'a', repository: 'https://git.example/r' },
      /attribute eksName is not set; a row needs eksName and region, or/,
    ],
    ['an endpoint without its CA', { ...onEndpoint, certificateAuthority: undefined }, /attribute certificateAuthority is not set/],
    ['an endpoint without a secret', { ...onEndpoint, clusterSecret: undefined }, /attribute clusterSecret is not set/],
    ['an endpoint over plain HTTP', { ...onEndpoint, endpoint: 'http://10.0.0.1' }, /attribute endpoint is not valid/],
    ['a suspension without a reason', { ...onEks, suspendedUntil: '2027-01-01T00:00:00Z' }, /attribute suspendedReason is not set/],
    [
      'a suspension without an end',
      { ...onEks, suspendedReason: 'upgrade' },
      /attribute suspendedUntil is not set; a suspension has an end/,
    ],
    [
      'a moment without a time zone',
      { ...onEks, suspendedUntil: '2027-01-01', suspendedReason: 'x' },
      /attribute suspendedUntil is "2027-01-01"/,
    ],
  ])('says what is wrong with %s, and how to put it right', (_what, item, words) => {
    expect(message(item)).toMatch(words);
    expect(message(item)).toMatch(/^cluster \S+: .*Correct the row with `plumbline cluster set`, or in the clusters table\.$/);
  });

  it('names every attribute that is wrong, not only the first', () => {
    expect(message({ ...onEks, mode: 'on', interval: '1s' })).toMatch(/attribute mode is "on".*attribute interval is "1s"/);
  });

  it.each([
    ['a token pasted where the name of its secret belongs', { ...onEks, credentialsSecret: 'ghp 0123456789secret' }],
    ['a password in the repository URL', { ...onEks, repository: 'https://me:0123456789secret@git.example/r' }],
    ['an attribute that nobody asked for', { ...onEks, token: '0123456789secret' }],
    ['a password in the endpoint', { ...onEndpoint, endpoint: 'https://me:0123456789secret@10.0.0.1' }],
  ])('does not repeat %s', (_what, item) => {
    expect(message(item)).not.toContain('secret@');
    expect(message(item)).not.toContain('0123456789secret');
    expect(message(item)).not.toBe('valid');
  });

  it('keeps a message short, whatever the value', () => {
    expect(message({ ...onEks, branch: `${'x '.repeat(5000)}` }).length).toBeLessThan(500);
  });
});
