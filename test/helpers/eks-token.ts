import { Sha256 } from '@aws-crypto/sha256-js';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { SignatureV4 } from '@smithy/signature-v4';
import type { EnvironmentDescription, LocalCluster } from '../../lib/local/index.ts';

export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

/** Assumes the role through which a cluster is reached. */
export async function assumeClusterRole(
  environment: EnvironmentDescription,
  cluster: LocalCluster,
  externalId: string | undefined,
): Promise<Keys> {
  const {
    AWS_ENDPOINT_URL: endpoint = '',
    AWS_ACCESS_KEY_ID: accessKeyId = '',
    AWS_SECRET_ACCESS_KEY: secretAccessKey = '',
  } = environment.aws;
  const sts = new STSClient({ endpoint, region: environment.region, credentials: { accessKeyId, secretAccessKey } });
  const { Credentials } = await sts.send(
    new AssumeRoleCommand({
      RoleArn: cluster.roleArn,
      RoleSessionName: 'test',
      ...(externalId === undefined ? {} : { ExternalId: externalId }),
    }),
  );
  const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {};
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
}

export interface TokenOptions {
  readonly clusterName: string;
  readonly region: string;
  readonly keys: Keys;
  readonly signedAt?: Date;
  /** Parameters beside those of a right token; signed like them. */
  readonly extra?: Readonly<Record<string, string>>;
}

/** Makes a token as `aws eks get-token` does, written apart from the product's own so that each checks the other. */
export async function makeEksToken(options: TokenOptions): Promise<string> {
  const hostname = `sts.${options.region}.amazonaws.com`;
  const signer = new SignatureV4({ service: 'sts', region: options.region, credentials: options.keys, sha256: Sha256 });
  const { query } = await signer.presign(
    {
      method: 'GET',
      protocol: 'https:',
      hostname,
      path: '/',
      query: { Action: 'GetCallerIdentity', Version: '2011-06-15', ...options.extra },
      headers: { host: hostname, 'x-k8s-aws-id': options.clusterName },
    },
    { expiresIn: 60, signingDate: options.signedAt ?? new Date(), unhoistableHeaders: new Set(['x-k8s-aws-id']) },
  );
  const parameters = Object.entries(query ?? {}).map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`);
  return encodeToken(`https://${hostname}/?${parameters.join('&')}`);
}

/** Wraps any URL as a token. */
export function encodeToken(url: string): string {
  return `k8s-aws-v1.${Buffer.from(url).toString('base64url')}`;
}

/** The URL within a token. */
export function decodeToken(token: string): string {
  return Buffer.from(token.slice('k8s-aws-v1.'.length), 'base64url').toString('utf8');
}
