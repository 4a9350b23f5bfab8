import { expect, it } from 'vitest';
import { createRegistryAccess, registrySecretName } from '../../../lib/images/oci/access.ts';
import { SecretError, type SecretReader } from '../../../lib/secrets.ts';

const never = new AbortController().signal;
const clock = { now: () => new Date('2026-01-01T00:00:00Z') };
const missing: SecretReader = async (name) => {
  throw new SecretError('SecretMissing', `secret ${name}: it is not there.`);
};

it.each([
  ['ghcr.io', 'plumbline/registry/ghcr.io'],
  ['harbor.example:5000', 'plumbline/registry/harbor.example_5000'],
  ['[::1]:5000', 'plumbline/registry/___1__5000'],
])('names the secret of %s', (host, name) => {
  expect(registrySecretName('plumbline', host)).toBe(name);
});

it.each([
  ['{"username":"robot","password":"p"}', { username: 'robot', password: 'p' }],
  ['{"plainHttp":true}', { plainHttp: true }],
  ['{}', {}],
])('reads %s', async (text, access) => {
  expect(await createRegistryAccess('plumbline', async () => text, clock)('ghcr.io', never)).toEqual(access);
});

it.each(['', 'hunter2', '{"username":"robot"}', '{"token":"hunter2"}', '{"username":"a","password":"hunter2","plain":1}'])(
  'refuses %s, and quotes nothing of it',
  async (text) => {
    const failure = createRegistryAccess('plumbline', async () => text, clock)('ghcr.io', never);
    await expect(failure).rejects.toMatchObject({ reason: 'InvalidRegistrySecret', message: expect.not.stringContaining('hunter2') });
  },
);

it('takes a registry without a secret for a public one, and asks once in ten minutes', async () => {
  let reads = 0;
  const access = createRegistryAccess(
    'plumbline',
    (name, signal) => {
      reads += 1;
      return missing(name, signal);
    },
    clock,
  );
  expect([await access('ghcr.io', never), await access('ghcr.io', never)]).toEqual([undefined, undefined]);
  expect(reads).toBe(1);
});

it('passes on that a secret may not be read, instead of asking without it', async () => {
  const refused: SecretReader = async (name) => {
    throw new SecretError('SecretRefused', `secret ${name}: this role may not read it.`);
  };
  await expect(createRegistryAccess('plumbline', refused, clock)('ghcr.io', never)).rejects.toMatchObject({ reason: 'SecretRefused' });
});
