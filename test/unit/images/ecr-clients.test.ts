import { DescribeRegistryCommand, type ECRClient } from '@aws-sdk/client-ecr';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createEcrClients } from '../../../lib/image-registry.ts';

beforeEach(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
});
afterEach(() => vi.unstubAllEnvs());

/** Answers before anything goes out. */
function silence(client: ECRClient): ECRClient {
  client.middlewareStack.add(() => async () => ({ output: { $metadata: {} }, response: {} }), { step: 'deserialize', priority: 'high' });
  return client;
}

it('gives out clients of one account and region that make 20 calls a second together, and of others that do not wait for them', async () => {
  let now = 0;
  const wait = async (milliseconds: number) => {
    now += milliseconds;
  };
  const clientFor = createEcrClients('plumbline', { now: () => new Date(now) }, undefined, wait);
  const host = { account: '123456789012', region: 'eu-west-1' };
  silence(clientFor(host));
  for (let call = 0; call < 60; call += 1) await clientFor(host).send(new DescribeRegistryCommand({}));
  expect(now).toBe(2000);
  await silence(clientFor({ ...host, region: 'us-east-1' })).send(new DescribeRegistryCommand({}));
  expect(now).toBe(2000);
});
