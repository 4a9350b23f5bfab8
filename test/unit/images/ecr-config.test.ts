import { expect, it } from 'vitest';
import { createEcrRegistry } from '../../../lib/images/ecr/ecr.ts';
import { createRegistryHttp, type RegistryRequest } from '../../../lib/images/oci/http.ts';
import { ecrClientThatAnswers } from '../../helpers/ecr-answers.ts';

const CONFIG = { registry: '123456789012.dkr.ecr.eu-west-1.amazonaws.com', repository: 'web', digest: `sha256:${'0'.repeat(64)}` };
const signal = AbortSignal.timeout(10_000);

/** Reads a config that ECR says is at `downloadUrl`; resolves to the requests for it. */
async function requestsFor(downloadUrl: string): Promise<readonly RegistryRequest[]> {
  const requests: RegistryRequest[] = [];
  const { client } = ecrClientThatAnswers(() => ({ body: { downloadUrl, layerDigest: CONFIG.digest } }));
  const http = async (request: RegistryRequest) => {
    requests.push(request);
    return { status: 200, headers: {}, body: Buffer.from('{}') };
  };
  await createEcrRegistry({ clientFor: () => client, settingsCache: new Map(), http, clock: { now: () => new Date(0) } }).config(
    CONFIG,
    signal,
  );
  return requests;
}

it.each([
  ['the address that ECR itself is asked at', 'https://api.ecr.eu-west-1.amazonaws.com/v2/web/blobs/a', true],
  ['another port of it', 'https://api.ecr.eu-west-1.amazonaws.com:8443/a', false],
  ['its storage', 'https://prod-eu-west-1-starport-layer-bucket.s3.eu-west-1.amazonaws.com/a?X-Amz-Signature=b', false],
  ['an address of a network', 'http://10.0.0.5/a', false],
])('asks for a config at %s (%s), which may be inside a network: %s', async (_what, downloadUrl, allowPrivate) => {
  expect(await requestsFor(downloadUrl)).toEqual([expect.objectContaining({ url: new URL(downloadUrl), allowPrivate })]);
});

it('refuses a config inside a network that is not where ECR is asked', async () => {
  const { client } = ecrClientThatAnswers(() => ({ body: { downloadUrl: 'http://127.0.0.1:9/a', layerDigest: CONFIG.digest } }));
  const http = createRegistryHttp();
  const registry = createEcrRegistry({ clientFor: () => client, settingsCache: new Map(), http, clock: { now: () => new Date(0) } });
  expect(await registry.config(CONFIG, signal)).toMatchObject({ state: 'unverifiable', failure: { reason: 'PrivateAddress' } });
});
