import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Clock } from '../clock.ts';
import { PlumblineError } from '../errors.ts';
import type { Authentication } from './authentication.ts';

/** Keys of a role or user, as every AWS SDK client resolves them. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

export interface EksTokenRequest {
  readonly clusterName: string;
  readonly region: string;
  readonly credentials: AwsCredentials;
  readonly clock: Clock;
  /** The `X-Amz-Expires` that is signed; EKS takes a token for 15 minutes from its date, whatever this says. */
  readonly expiresInSeconds?: number;
}

/**
 * The token that EKS takes for an IAM identity: a presigned `GetCallerIdentity` that names the cluster, as `aws eks get-token` makes it.
 *
 * Nothing is sent. Throws `PlumblineError` (`InvalidRegion`) for a region that cannot be part of a host name.
 */
export async function eksToken({ clusterName, region, credentials, clock, expiresInSeconds = 60 }: EksTokenRequest): Promise<string> {
  if (!/^[a-z]{2,4}(-[a-z0-9]+)+$/.test(region)) {
    throw new PlumblineError(
      'InvalidRegion',
      `region ${JSON.stringify(region.slice(0, 60))}: not a region. Accepted is a name like eu-central-1.`,
    );
  }
  const host = region.startsWith('cn-') ? `sts.${region}.amazonaws.com.cn` : `sts.${region}.amazonaws.com`;
  const signer = new SignatureV4({ service: 'sts', region, sha256: Sha256, credentials });
  const signed = await signer.presign(
    {
      method: 'GET',
      protocol: 'https:',
      hostname: host,
      path: '/',
      query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
      headers: { host, 'x-k8s-aws-id': clusterName },
    },
    // Only these two: EKS sends the request with them and refuses any other parameter.
    {
      expiresIn: expiresInSeconds,
      signingDate: clock.now(),
      unhoistableHeaders: new Set(['x-k8s-aws-id']),
      signableHeaders: new Set(['host', 'x-k8s-aws-id']),
    },
  );
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(signed.query ?? {})) if (typeof value === 'string') query.append(name, value);
  // Signatures are computed on %20, where URLSearchParams writes a plus sign.
  const url = `https://${host}/?${query.toString().replaceAll('+', '%20')}`;
  return `k8s-aws-v1.${Buffer.from(url).toString('base64url')}`;
}

const CACHED_MILLISECONDS = 14 * 60 * 1000;
/** A token whose credentials expire on the way is refused. */
const EXPIRY_MARGIN_MILLISECONDS = 30 * 1000;

/** Authenticates by EKS tokens, each used for 14 of its 15 minutes and never beyond its credentials. */
export function eksAuthentication(request: {
  readonly clusterName: string;
  readonly region: string;
  readonly credentials: () => Promise<AwsCredentials>;
  readonly clock: Clock;
}): Authentication {
  let current: Promise<{ readonly token: string; readonly until: number }> | undefined;

  async function renew(): Promise<{ readonly token: string; readonly until: number }> {
    const credentials = await request.credentials();
    const now = request.clock.now().getTime();
    const expiry = credentials.expiration?.getTime() ?? Number.POSITIVE_INFINITY;
    const token = await eksToken({ clusterName: request.clusterName, region: request.region, credentials, clock: request.clock });
    return { token, until: Math.min(now + CACHED_MILLISECONDS, expiry - EXPIRY_MARGIN_MILLISECONDS) };
  }

  return {
    type: 'token',
    async token() {
      const known = current;
      const fresh =
        known !== undefined &&
        (await known.then(
          ({ until }) => request.clock.now().getTime() < until,
          () => false,
        ));
      if (fresh) return (await known).token;
      // Of many requests that find the token old at once, the first renews it for all.
      if (current === known || current === undefined) current = renew();
      return (await current).token;
    },
  };
}
