import { expect, it } from 'vitest';
import { cacheDirectory } from '../../../lib/local/cache.ts';
import { environmentVariables } from '../../../lib/local/deploy.ts';
import { envtestRelease } from '../../../lib/local/envtest-release.ts';
import type { Host } from '../../../lib/local/host.ts';
import { type EnvironmentDescription, environmentDirectory } from '../../../lib/local/state.ts';

const host = (env: Host['env']): Host => ({ env, home: '/home/u', platform: 'linux', arch: 'x64', node: '/node', project: '/project' });

it.each([
  ['the home folder', {}, '/home/u/.cache/plumbline'],
  ['XDG_CACHE_HOME', { XDG_CACHE_HOME: '/var/cache/u' }, '/var/cache/u/plumbline'],
  [
    'the home folder when XDG_CACHE_HOME is relative, which the standard says to ignore',
    { XDG_CACHE_HOME: 'cache' },
    '/home/u/.cache/plumbline',
  ],
])('the cache is under %s', (_where, env, directory) => {
  expect(cacheDirectory(host(env))).toBe(directory);
});

it.each(['../other', 'Name', '', '-x', 'a/b', 'a'.repeat(41)])('%j is no name of an environment', (name) => {
  expect(() => environmentDirectory(name, host({}))).toThrow(/lower-case letters, digits and hyphens/);
});

it('a child process gets the environment’s account and nothing of the user’s', () => {
  const environment: EnvironmentDescription = {
    name: 'x',
    directory: '/run/x',
    region: 'eu-central-1',
    accountId: '000000000000',
    aws: { AWS_ACCESS_KEY_ID: 'test', AWS_ENDPOINT_URL: 'http://127.0.0.1:1' },
    clusters: [],
    toolsDirectory: '/tools',
  };
  const env = { PATH: '/bin', AWS_PROFILE: 'production', AWS_SESSION_TOKEN: 'mine', AWS_ENDPOINT_URL_STS: 'https://example.com' };
  expect(environmentVariables(environment, host(env))).toEqual({
    PATH: '/bin',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
    AWS_CONFIG_FILE: '/run/x/none',
    AWS_SHARED_CREDENTIALS_FILE: '/run/x/none',
  });
});

it('published binaries are pinned for the platforms that have them', () => {
  expect(envtestRelease('linux-amd64')).toMatchObject({
    sha512: expect.stringMatching(/^[0-9a-f]{128}$/),
    url: expect.stringMatching(/linux-amd64\.tar\.gz$/),
  });
  expect(envtestRelease('linux-riscv64')).toBeUndefined();
});
