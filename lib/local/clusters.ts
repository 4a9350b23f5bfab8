import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { stringify } from 'yaml';
import type { Children } from './children.ts';

export interface ControlPlane {
  readonly name: string;
  readonly endpoint: string;
  /** Base64 of the PEM certificate that the API server's own is verified against, as `DescribeCluster` gives it. */
  readonly certificateAuthority: string;
  readonly kubeconfig: string;
  readonly context: string;
  /** A cluster administrator's bearer token. */
  readonly adminToken: string;
}

/** Starts the etcd that all clusters share. */
export async function startEtcd(children: Children, program: string, directory: string, ports: readonly [number, number]): Promise<string> {
  const client = `http://127.0.0.1:${ports[0]}`;
  const peer = `http://127.0.0.1:${ports[1]}`;
  const args = [
    `--data-dir=${join(directory, 'etcd')}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    // Nothing here outlives the environment.
    '--unsafe-no-fsync',
    '--log-level=warn',
  ];
  children.start('etcd', program, args, {}, directory);
  await children.ready('etcd', 30, async () => (await fetch(`${client}/health`)).ok);
  return client;
}

export interface ControlPlaneSettings {
  readonly name: string;
  readonly program: string;
  readonly directory: string;
  readonly port: number;
  readonly etcd: string;
  /** Where the API server asks whose token it was given. */
  readonly tokenReview: string;
}

/** Starts one API server: RBAC, an administrator's token, and every other token reviewed as on EKS. */
export async function startControlPlane(children: Children, settings: ControlPlaneSettings): Promise<ControlPlane> {
  const { name, port } = settings;
  const folder = join(settings.directory, 'clusters', name);
  await mkdir(folder, { recursive: true });
  const file = (fileName: string) => join(folder, fileName);
  const adminToken = randomBytes(32).toString('hex');
  const serviceAccountKey = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const secret = { mode: 0o600 };
  await Promise.all([
    writeFile(file('tokens.csv'), `${adminToken},admin,admin,system:masters\n`, secret),
    writeFile(file('service-account.key'), serviceAccountKey.privateKey, secret),
    writeFile(file('service-account.pub'), serviceAccountKey.publicKey),
    writeFile(file('token-review.yaml'), tokenReviewConfig(settings.tokenReview), secret),
  ]);

  const endpoint = `https://127.0.0.1:${port}`;
  const program = `kube-apiserver-${name}`;
  const args = [
    `--etcd-servers=${settings.etcd}`,
    `--etcd-prefix=/${name}`,
    `--cert-dir=${file('certificates')}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    // Room for the Services of a large cluster.
    '--service-cluster-ip-range=10.0.0.0/16',
    `--service-account-issuer=${endpoint}`,
    `--service-account-key-file=${file('service-account.pub')}`,
    `--service-account-signing-key-file=${file('service-account.key')}`,
    `--token-auth-file=${file('tokens.csv')}`,
    `--authentication-token-webhook-config-file=${file('token-review.yaml')}`,
    '--authentication-token-webhook-version=v1',
    // A cached answer would let a token live on after its role lost access.
    '--authentication-token-webhook-cache-ttl=0s',
    '--authorization-mode=RBAC',
    // Pods here have no service account tokens: no controller makes the accounts.
    '--disable-admission-plugins=ServiceAccount',
  ];
  children.start(program, settings.program, args, {}, folder);

  const readCertificate = () => authorityOf(readFileSync(file('certificates/apiserver.crt'), 'utf8'));
  await children.ready(program, 60, async () => {
    const agent = new Agent({ connect: { ca: readCertificate() } });
    try {
      const { statusCode, body } = await request(`${endpoint}/readyz`, {
        dispatcher: agent,
        headers: { authorization: `Bearer ${adminToken}` },
      });
      await body.dump();
      return statusCode === 200;
    } finally {
      await agent.close();
    }
  });

  const certificateAuthority = Buffer.from(readCertificate()).toString('base64');
  const kubeconfig = file('kubeconfig');
  await writeFile(kubeconfig, adminKubeconfig(name, endpoint, certificateAuthority, adminToken), secret);
  return { name, endpoint, certificateAuthority, kubeconfig, context: name, adminToken };
}

/** The API server writes its own certificate and then the authority that signed it: clients are given the authority. */
function authorityOf(pem: string): string {
  const last = pem.lastIndexOf('-----BEGIN CERTIFICATE-----');
  return last === -1 ? pem : pem.slice(last);
}

function tokenReviewConfig(server: string): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'token-review', cluster: { server } }],
    users: [{ name: 'api-server', user: {} }],
    contexts: [{ name: 'token-review', context: { cluster: 'token-review', user: 'api-server' } }],
    'current-context': 'token-review',
  });
}

function adminKubeconfig(name: string, server: string, certificateAuthority: string, token: string): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, 'certificate-authority-data': certificateAuthority } }],
    users: [{ name: `${name}-admin`, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: `${name}-admin` } }],
    'current-context': name,
  });
}
