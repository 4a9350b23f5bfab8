import { randomBytes } from 'node:crypto';
import { DescribeRepositoriesCommand } from '@aws-sdk/client-ecr';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { systemClock } from '../../../lib/clock.ts';
import { createEcrClients } from '../../../lib/image-registry.ts';
import { reachOf } from '../../helpers/deployed-state.ts';
import { testEnvironment } from '../../helpers/environment.ts';
import { freshRepository } from '../../helpers/registry.ts';

const signal = AbortSignal.timeout(60_000);
let roleArn: string;

beforeAll(async () => {
  const { aws, accountId } = testEnvironment();
  for (const [name, value] of Object.entries(aws)) vi.stubEnv(name, value);
  const iam = new IAMClient(reachOf(aws));
  const name = `images-${randomBytes(6).toString('hex')}`;
  const statement = { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: `arn:aws:iam::${accountId}:root` } };
  const trust = { Version: '2012-10-17', Statement: [{ ...statement, Condition: { StringEquals: { 'sts:ExternalId': 'a1b2-c3d4' } } }] };
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: JSON.stringify(trust) }));
  const policy = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'ecr:DescribeRepositories', Resource: '*' }] };
  await iam.send(new PutRolePolicyCommand({ RoleName: name, PolicyName: 'images', PolicyDocument: JSON.stringify(policy) }));
  roleArn = Role?.Arn ?? '';
});
afterAll(() => {
  vi.unstubAllEnvs();
});

async function repositoriesBy(externalId: string) {
  const { accountId: account, region } = testEnvironment();
  const client = createEcrClients('plumbline', systemClock, { roleArns: [roleArn], externalId })({ account, region });
  const { repositories = [] } = await client.send(new DescribeRepositoriesCommand({}), { abortSignal: signal });
  const { accessKeyId, sessionToken } = await client.config.credentials();
  return { names: repositories.map(({ repositoryName }) => repositoryName), accessKeyId, sessionToken };
}

it('reads the registry of an account by the role that it gives, with its external id', async () => {
  const { repository } = await freshRepository('IMMUTABLE');
  const { names, accessKeyId, sessionToken } = await repositoriesBy('a1b2-c3d4');
  expect(names).toContain(repository);
  expect(accessKeyId).toMatch(/^ASIA/);
  expect(sessionToken).not.toBe('');
});

it('does not get that role with another external id, and does not fall back to its own credentials', async () => {
  await expect(repositoriesBy('guessed')).rejects.toThrow(/AssumeRole|not authorized|AccessDenied/i);
});
