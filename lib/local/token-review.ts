import { request as httpRequest } from 'node:http';
import { DescribeAccessEntryCommand, type EKSClient, ResourceNotFoundException } from '@aws-sdk/client-eks';
import { z } from 'zod';
import type { Clock } from '../clock.ts';
import { checkEksToken, type PresignedIdentity, principalOf, TokenRefusedError } from './eks-token-check.ts';

const TokenReview = z.object({ apiVersion: z.string(), kind: z.literal('TokenReview'), spec: z.object({ token: z.string() }) });

interface User {
  readonly username: string;
  readonly uid: string;
  readonly groups: readonly string[];
}

export interface TokenReviewer {
  readonly region: string;
  /** The emulator, which plays STS. */
  readonly endpoint: string;
  /** Where access entries are. */
  readonly eks: Pick<EKSClient, 'send'>;
  readonly clock: Clock;
}

/** Answers one TokenReview as an EKS cluster does: who signed the token, and what its access entry makes of them. */
export async function reviewToken(body: unknown, cluster: string, reviewer: TokenReviewer): Promise<object> {
  const review = TokenReview.parse(body);
  const { apiVersion, kind } = review;
  try {
    const identity = checkEksToken(review.spec.token, { cluster, region: reviewer.region, now: reviewer.clock.now() });
    const caller = await askSts(identity, reviewer.endpoint);
    const user = await findUser(caller, cluster, reviewer.eks);
    return { apiVersion, kind, status: { authenticated: true, user } };
  } catch (error) {
    if (!(error instanceof TokenRefusedError)) throw error;
    return { apiVersion, kind, status: { authenticated: false, error: `${error.reason}: ${error.message}` } };
  }
}

/** Sends the presigned request to STS, which verifies the signature over the headers given here. */
async function askSts(identity: PresignedIdentity, endpoint: string): Promise<string> {
  const { status, body } = await get(`${endpoint}${identity.pathAndQuery}`, { ...identity.headers, accept: 'application/xml' });
  const code = /<Code>([^<]+)<\/Code>/.exec(body)?.[1];
  if (status !== 200)
    throw new TokenRefusedError(code ?? 'SignatureRefused', `token: STS answers ${status}${code === undefined ? '' : ` ${code}`}`);
  const arn = /<Arn>([^<]+)<\/Arn>/.exec(body)?.[1];
  if (arn === undefined) throw new TokenRefusedError('InvalidToken', 'token: STS names nobody');
  return arn;
}

/** `fetch` would set Host from the URL, and the Host header is part of what was signed. */
function get(url: string, headers: Readonly<Record<string, string>>): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { headers, timeout: 10_000 }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        body += text;
      });
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body }));
      response.once('error', reject);
    });
    request.once('timeout', () => request.destroy(new Error('STS did not answer within 10 s')));
    request.once('error', reject);
    request.end();
  });
}

async function findUser(callerArn: string, cluster: string, eks: Pick<EKSClient, 'send'>): Promise<User> {
  const { principalArn, session } = principalOf(callerArn);
  // The emulator does not verify the root's signature; on EKS nobody works as the root either.
  if (callerArn.endsWith(':root')) throw new TokenRefusedError('RootRefused', "token: it is the account root's; sign it as a role or user");
  const entry = await describeAccessEntry(cluster, principalArn, eks);
  return {
    username: (entry?.username || callerArn).replaceAll('{{SessionName}}', session),
    uid: principalArn,
    groups: entry?.kubernetesGroups ?? [],
  };
}

async function describeAccessEntry(clusterName: string, principalArn: string, eks: Pick<EKSClient, 'send'>) {
  try {
    return (await eks.send(new DescribeAccessEntryCommand({ clusterName, principalArn }))).accessEntry;
  } catch (error) {
    if (!(error instanceof ResourceNotFoundException)) throw error;
    throw new TokenRefusedError('NoAccessEntry', `token: ${principalArn} has no access entry on cluster ${clusterName}; create one for it`);
  }
}
