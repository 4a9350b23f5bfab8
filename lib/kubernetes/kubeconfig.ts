import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import type { Cluster, User } from '@kubernetes/client-node/dist/config_types.js';
import { z } from 'zod';
import { PlumblineError } from '../errors.ts';
import type { ClusterSecret } from './connect.ts';
import { parseEndpoint } from './endpoint.ts';

/** A kubeconfig that cannot be read, or that names a way to reach a cluster which a function on AWS cannot follow. */
export class KubeconfigError extends PlumblineError {}

/** How the cluster of a context is reached by a function that has neither this machine's programs nor its files. */
export type KubeconfigConnection =
  | { readonly type: 'eks'; readonly eksName: string; readonly region: string; readonly roleArn?: string; readonly externalId?: string }
  | {
      readonly type: 'endpoint';
      readonly endpoint: string;
      /** Base64 of the PEM bundle. */
      readonly certificateAuthority: string;
      /** To be stored as the cluster's secret. */
      readonly credentials: ClusterSecret;
    };

/** Reads one context of a kubeconfig file; paths in it are relative to it. Runs nothing. Throws `KubeconfigError` or `EndpointError`. */
export async function readKubeconfig(file: string, context: string | undefined): Promise<KubeconfigConnection> {
  const config = await load(file);
  const name = context ?? config.currentContext;
  const found = config.getContextObject(name ?? '');
  if (found === null) {
    const known = config.getContexts().map((entry) => entry.name);
    throw new KubeconfigError(
      'UnknownContext',
      `kubeconfig ${file}: it has no context ${JSON.stringify(name ?? '')}. It has ${known.length === 0 ? 'none' : known.join(', ')}; name one with --context.`,
    );
  }
  const subject = `kubeconfig ${file}, context ${found.name}`;
  const cluster = config.getCluster(found.cluster);
  const user = config.getUser(found.user);
  if (cluster === null)
    throw new KubeconfigError('UnknownCluster', `${subject}: its cluster ${found.cluster} is not in the file. Correct the context.`);
  if (user === null)
    throw new KubeconfigError('UnknownUser', `${subject}: its user ${found.user} is not in the file. Correct the context.`);
  refuseUnsupported(cluster, user, subject);
  const exec = Exec.safeParse(user.exec);
  if (exec.success) return eksConnection(exec.data, cluster, subject);
  return endpointConnection(cluster, user, subject);
}

async function load(file: string): Promise<KubeConfig> {
  const config = new KubeConfig();
  try {
    config.loadFromString(await readFile(file, 'utf8'));
  } catch (error) {
    // The parser's message quotes the file, which holds tokens: only the place is told.
    const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
    const problem = code === undefined ? 'it is not a kubeconfig in YAML' : `it cannot be read (${code})`;
    throw new KubeconfigError('InvalidKubeconfig', `kubeconfig ${file}: ${problem}. Check it with \`kubectl config view --kubeconfig\`.`);
  }
  config.makePathsAbsolute(dirname(file));
  return config;
}

const SERVICE_ACCOUNT_TOKEN = 'Use a user with a token or a client certificate: `kubectl create token` makes one for a service account.';

function refuseUnsupported(cluster: Cluster, user: User, subject: string): void {
  const refuse = (problem: string, remedy: string): never => {
    throw new KubeconfigError('UnsupportedKubeconfig', `${subject}: ${problem} ${remedy}`);
  };
  if (cluster.skipTLSVerify)
    refuse('insecure-skip-tls-verify is set, and the server is always verified.', 'Put its CA into certificate-authority-data instead.');
  if (isSet(cluster.proxyUrl)) refuse('proxy-url is set, and no proxy is used.', 'Use an endpoint that the function reaches from its VPC.');
  if (isSet(cluster.tlsServerName))
    refuse('tls-server-name is set, and the certificate must name the endpoint’s own host.', 'Use a host that the certificate names.');
  if (isSet(user.impersonateUser)) refuse('the user impersonates another (as).', 'Use that identity’s own credentials.');
  if (user.authProvider !== undefined && user.authProvider !== null)
    refuse('the user has an auth-provider, which works on this machine only.', SERVICE_ACCOUNT_TOKEN);
  if (isSet(user.username) || isSet(user.password))
    refuse('the user has a name and password, which Kubernetes no longer takes.', SERVICE_ACCOUNT_TOKEN);
  if (user.exec !== undefined && user.exec !== null && !isEksExec(user.exec)) {
    refuse(
      'the user runs a program for its credentials (exec), which a function cannot; only `aws eks get-token` and aws-iam-authenticator are understood.',
      SERVICE_ACCOUNT_TOKEN,
    );
  }
}

function isSet(value: string | null | undefined): boolean {
  return value !== undefined && value !== null && value !== '';
}

const Exec = z.object({
  command: z.string(),
  args: z.array(z.coerce.string()).nullish(),
  env: z.array(z.object({ name: z.string(), value: z.coerce.string() })).nullish(),
});
type Exec = z.infer<typeof Exec>;

function programOf({ command, args }: Exec): 'aws' | 'aws-iam-authenticator' | undefined {
  const name = basename(command.replaceAll('\\', '/')).replace(/\.exe$/i, '');
  const words = args ?? [];
  if (name === 'aws' && words.includes('eks') && words.includes('get-token')) return 'aws';
  if ((name === 'aws-iam-authenticator' || name === 'heptio-authenticator-aws') && words.includes('token')) return 'aws-iam-authenticator';
  return undefined;
}

function isEksExec(value: unknown): boolean {
  const exec = Exec.safeParse(value);
  return exec.success && programOf(exec.data) !== undefined;
}

function eksConnection(exec: Exec, cluster: Cluster, subject: string): KubeconfigConnection {
  const aws = programOf(exec) === 'aws';
  const args = exec.args ?? [];
  const eksName = flag(args, aws ? ['--cluster-name'] : ['-i', '--cluster-id']);
  if (eksName === undefined) {
    throw new KubeconfigError(
      'UnsupportedKubeconfig',
      `${subject}: its exec names no cluster (${aws ? '--cluster-name' : '--cluster-id'}). Write it with \`aws eks update-kubeconfig\`, or use --eks NAME --region REGION.`,
    );
  }
  const environment = new Map((exec.env ?? []).map(({ name, value }) => [name, value]));
  const region =
    flag(args, ['--region']) ?? environment.get('AWS_REGION') ?? environment.get('AWS_DEFAULT_REGION') ?? regionOfEndpoint(cluster.server);
  if (region === undefined) {
    throw new KubeconfigError(
      'UnsupportedKubeconfig',
      `${subject}: neither its exec nor its server names a region. Use --eks ${eksName} --region REGION.`,
    );
  }
  const roleArn = flag(args, aws ? ['--role-arn', '--role'] : ['-r', '--role']);
  const externalId = aws ? undefined : flag(args, ['-e', '--external-id']);
  return {
    type: 'eks',
    eksName,
    region,
    ...(roleArn === undefined ? {} : { roleArn }),
    ...(externalId === undefined ? {} : { externalId }),
  };
}

/** The value of the first of these flags, given as `--flag value` or `--flag=value`. */
function flag(args: readonly string[], names: readonly string[]): string | undefined {
  for (const [index, word] of args.entries()) {
    if (names.includes(word)) return args[index + 1];
    const name = names.find((candidate) => word.startsWith(`${candidate}=`));
    if (name !== undefined) return word.slice(name.length + 1);
  }
  return undefined;
}

function regionOfEndpoint(server: string): string | undefined {
  return /\.([a-z0-9-]+)\.eks\.amazonaws\.com(\.cn)?(:\d+)?\/?$/.exec(server)?.[1];
}

async function endpointConnection(cluster: Cluster, user: User, subject: string): Promise<KubeconfigConnection> {
  const certificateAuthority = await dataOrFile(cluster.caData, cluster.caFile, subject);
  if (certificateAuthority === undefined) {
    throw new KubeconfigError(
      'UnsupportedKubeconfig',
      `${subject}: its cluster has no certificate authority, and the system’s are not believed. Put the cluster’s CA into certificate-authority-data.`,
    );
  }
  parseEndpoint(cluster.server, certificateAuthority);
  return { type: 'endpoint', endpoint: cluster.server, certificateAuthority, credentials: await readCredentials(user, subject) };
}

async function readCredentials(user: User, subject: string): Promise<ClusterSecret> {
  if (isSet(user.token)) return { token: (user.token ?? '').trim() };
  const certificate = await dataOrFile(user.certData, user.certFile, subject);
  const key = await dataOrFile(user.keyData, user.keyFile, subject);
  if (certificate === undefined || key === undefined) {
    throw new KubeconfigError(
      'UnsupportedKubeconfig',
      `${subject}: its user has neither a token nor a client certificate with its key. ${SERVICE_ACCOUNT_TOKEN}`,
    );
  }
  return { clientCertificate: Buffer.from(certificate, 'base64').toString('utf8'), clientKey: Buffer.from(key, 'base64').toString('utf8') };
}

/** Base64, from the file itself or from the one that it names. */
async function dataOrFile(data: string | null | undefined, file: string | null | undefined, subject: string): Promise<string | undefined> {
  if (data !== undefined && data !== null && data !== '') return data;
  if (file === undefined || file === null || file === '') return undefined;
  try {
    return (await readFile(file)).toString('base64');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new KubeconfigError('InvalidKubeconfig', `${subject}: ${file}, which it names, cannot be read (${code}). Correct the path.`, {
      cause: error,
    });
  }
}
