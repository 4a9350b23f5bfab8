import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import type { EnvironmentDescription } from '../lib/local/index.ts';

const FUNCTION = 'plumbline-audit';

/**
 * Hands the deployed audit what EventBridge hands it when an image was pushed, and waits for its end: the emulator's ECR sends no events,
 * and nobody else may send any in its name. Tries twice, as the rule does.
 */
export async function announcePush(
  environment: EnvironmentDescription,
  repository: string,
  tag: string,
  signal: AbortSignal,
): Promise<void> {
  const { accountId: account, region } = environment;
  const event = {
    version: '0',
    source: 'aws.ecr',
    'detail-type': 'ECR Image Action',
    account,
    region,
    detail: { result: 'SUCCESS', 'repository-name': repository, 'action-type': 'PUSH', 'image-tag': tag },
  };
  const failure = (await invokeAudit(environment, event, signal)) && (await invokeAudit(environment, event, signal));
  if (failure !== undefined) throw new Error(`${FUNCTION}: the event of ${repository}:${tag} ended with ${failure}`);
}

/** Resolves to what went wrong, if anything did. */
async function invokeAudit({ region, aws }: EnvironmentDescription, event: object, signal: AbortSignal): Promise<string | undefined> {
  const url = new URL(`/2015-03-31/functions/${FUNCTION}/invocations`, aws.AWS_ENDPOINT_URL);
  const body = JSON.stringify(event);
  const credentials = { accessKeyId: aws.AWS_ACCESS_KEY_ID ?? '', secretAccessKey: aws.AWS_SECRET_ACCESS_KEY ?? '' };
  const signer = new SignatureV4({ credentials, region, service: 'lambda', sha256: Sha256 });
  const { headers } = await signer.sign({
    method: 'POST',
    protocol: url.protocol,
    hostname: url.hostname,
    port: Number(url.port),
    path: url.pathname,
    headers: { host: url.host, 'content-type': 'application/json' },
    body,
  });
  const response = await fetch(url, { method: 'POST', headers, body, signal });
  const answer = await response.text();
  const isDone = response.ok && !response.headers.has('x-amz-function-error');
  return isDone ? undefined : `${response.status} ${answer.slice(0, 500)}`;
}
