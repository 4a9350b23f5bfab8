import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import type { EnvironmentDescription } from './state.ts';

/**
 * Hands the deployed audit an event, as EventBridge and CloudWatch Logs do, whose part the emulator does not play; and waits for its end.
 * Resolves to what went wrong; undefined when nothing did.
 */
export async function invokeAudit(
  { region, aws }: Pick<EnvironmentDescription, 'region' | 'aws'>,
  event: object,
  signal: AbortSignal,
): Promise<string | undefined> {
  const url = new URL('/2015-03-31/functions/plumbline-audit/invocations', aws.AWS_ENDPOINT_URL);
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
