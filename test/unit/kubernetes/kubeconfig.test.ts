import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { readKubeconfig } from '../../../lib/kubernetes/kubeconfig.ts';

const certificate = rootCertificates[0] ?? '';
const authority = Buffer.from(certificate).toString('base64');
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'plumbline-kubeconfig-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function read(user: object, cluster: object = {}, context: string | undefined = 'here') {
  const file = join(directory, 'config');
  const content = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: 'https://10.0.0.1:6443', 'certificate-authority-data': authority, ...cluster } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'here', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'here',
  };
  await writeFile(file, stringify(content));
  return readKubeconfig(file, context);
}

const exec = (command: string, args: readonly string[], env?: object) => ({
  exec: { apiVersion: 'client.authentication.k8s.io/v1beta1', command, args, ...env },
});
const eksServer = { server: 'https://ABC.gr7.eu-west-1.eks.amazonaws.com' };

describe('readKubeconfig', () => {
  it('takes a token', async () => {
    expect(await read({ token: 'hunter2' })).toEqual({
      type: 'endpoint',
      endpoint: 'https://10.0.0.1:6443',
      certificateAuthority: authority,
      credentials: { token: 'hunter2' },
    });
  });

  it('takes a client certificate, from files beside it too', async () => {
    await writeFile(join(directory, 'client.crt'), certificate);
    await writeFile(join(directory, 'ca.crt'), certificate);
    const key = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n';
    const user = { 'client-certificate': 'client.crt', 'client-key-data': Buffer.from(key).toString('base64') };
    expect(await read(user, { 'certificate-authority-data': undefined, 'certificate-authority': 'ca.crt' })).toMatchObject({
      certificateAuthority: authority,
      credentials: { clientCertificate: certificate, clientKey: key },
    });
  });

  it.each([
    [
      'aws',
      ['--region', 'eu-central-1', 'eks', 'get-token', '--cluster-name', 'prod', '--output', 'json'],
      { eksName: 'prod', region: 'eu-central-1' },
    ],
    [
      '/usr/local/bin/aws',
      ['eks', 'get-token', '--cluster-name=prod', '--role-arn=arn:aws:iam::1:role/r'],
      { eksName: 'prod', region: 'eu-west-1', roleArn: 'arn:aws:iam::1:role/r' },
    ],
    [
      'C:\\bin\\aws.exe',
      ['eks', 'get-token', '--cluster-name', 'prod', '--role', 'arn:aws:iam::1:role/r'],
      { eksName: 'prod', region: 'eu-west-1', roleArn: 'arn:aws:iam::1:role/r' },
    ],
    [
      'aws-iam-authenticator',
      ['token', '-i', 'prod', '-r', 'arn:aws:iam::1:role/r', '-e', 'id'],
      { eksName: 'prod', region: 'eu-west-1', roleArn: 'arn:aws:iam::1:role/r', externalId: 'id' },
    ],
  ])('reads %s %j into a cluster of EKS', async (command, args, expected) => {
    expect(await read(exec(command, args), eksServer)).toEqual({ type: 'eks', ...expected });
  });

  it('takes the region from the exec’s environment before the server’s name', async () => {
    const user = exec('aws', ['eks', 'get-token', '--cluster-name', 'prod'], { env: [{ name: 'AWS_REGION', value: 'us-east-2' }] });
    expect(await read(user, eksServer)).toMatchObject({ region: 'us-east-2' });
  });

  it.each([
    ['another exec', exec('gke-gcloud-auth-plugin', []), {}, /exec/],
    ['aws for something else', exec('aws', ['sts', 'get-caller-identity']), {}, /exec/],
    ['a shell around aws', exec('sh', ['-c', 'aws eks get-token --cluster-name prod']), {}, /exec/],
    ['an exec without arguments', { exec: { command: 5 } }, {}, /exec/],
    ['an auth provider', { 'auth-provider': { name: 'oidc' } }, {}, /auth-provider/],
    ['an unverified server', { token: 'hunter2' }, { 'insecure-skip-tls-verify': true }, /insecure-skip-tls-verify/],
    ['a proxy', { token: 'hunter2' }, { 'proxy-url': 'http://user:hunter2@proxy' }, /proxy-url/],
    ['another name in the certificate', { token: 'hunter2' }, { 'tls-server-name': 'other' }, /tls-server-name/],
    ['a name and password', { username: 'admin', password: 'hunter2' }, {}, /password/],
    ['impersonation', { token: 'hunter2', as: 'admin' }, {}, /impersonates/],
    ['no credentials', {}, {}, /neither a token nor a client certificate/],
    ['no authority', { token: 'hunter2' }, { 'certificate-authority-data': undefined }, /certificate-authority-data/],
    ['plain HTTP', { token: 'hunter2' }, { server: 'http://10.0.0.1' }, /https/],
    ['a missing file', { 'client-certificate': 'gone.crt' }, {}, /gone\.crt/],
  ])('refuses %s with the remedy, and quotes no secret', async (_name, user, cluster, message) => {
    const failure = await read(user, cluster).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Error);
    expect(String(failure)).toMatch(message);
    expect(String(failure)).not.toContain('hunter2');
  });

  it('names the contexts that there are', async () => {
    await expect(read({ token: 'a' }, {}, 'there')).rejects.toThrow('It has here; name one with --context.');
  });

  it('does not quote a file that is no YAML', async () => {
    const file = join(directory, 'broken');
    await writeFile(file, 'token: "hunter2\n  - [');
    await expect(readKubeconfig(file, undefined)).rejects.toThrow(/not a kubeconfig/);
    await expect(readKubeconfig(file, undefined)).rejects.not.toThrow(/hunter2/);
  });
});
