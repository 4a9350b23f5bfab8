import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { auditImages } from '../../../lib/images/audit.ts';
import { lockImages } from '../../../lib/images/locks/lock.ts';
import { createOciClient, type RegistryAccess } from '../../../lib/images/oci/client.ts';
import { createOciDetails } from '../../../lib/images/oci/details.ts';
import { createRegistryHttp } from '../../../lib/images/oci/http.ts';
import { createOciRegistry } from '../../../lib/images/oci/oci.ts';
import { parseImageReference } from '../../../lib/images/reference.ts';
import type { ImageContents, ImageRegistry } from '../../../lib/images/registry/registry.ts';
import { pushImage, pushIndex } from '../../../lib/local/registry.ts';
import { createLockStore } from '../../../lib/storage/lock-table.ts';
import { createTagHistoryStore } from '../../../lib/storage/tag-history-table.ts';
import { type PlainRegistry, startPlainRegistry } from '../../helpers/plain-registry.ts';
import { freshStateTable } from '../../helpers/registry.ts';
import { deployment, rendered } from '../../helpers/workloads.ts';

const signal = AbortSignal.timeout(300_000);
const clock = { now: () => new Date('2026-01-01T00:00:00Z') };
let plain: PlainRegistry;

beforeAll(async () => {
  plain = await startPlainRegistry();
});
afterAll(async () => {
  await plain.stop();
});

function registryOf(access: RegistryAccess | undefined): ImageRegistry & ImageContents {
  return createOciRegistry(createOciClient({ http: createRegistryHttp(), accessTo: async () => access, clock }));
}

const target = (repository: string) => ({ endpointUrl: plain.endpointUrl, registry: plain.host, repository });

it.each([
  ['an OCI index', pushIndex, 'oci', 'application/vnd.oci.image.index.v1+json'],
  ['a Docker manifest list', pushIndex, 'docker', 'application/vnd.docker.distribution.manifest.list.v2+json'],
  ['an OCI manifest', pushImage, 'oci', 'application/vnd.oci.image.manifest.v1+json'],
  ['a Docker manifest', pushImage, 'docker', 'application/vnd.docker.distribution.manifest.v2+json'],
] as const)('keeps the first digest of %s after its tag has moved, and finds both', async (name, push, format, mediaType) => {
  const { client, table } = await freshStateTable();
  const registry = registryOf({ plainHttp: true });
  const deps = { registry, locks: createLockStore(client, table), history: createTagHistoryStore(client, table), clock };
  const repository = `team/${name.toLowerCase().replaceAll(' ', '-')}`;
  const image = `${plain.host}/${repository}:1.0`;
  const first = await push(target(repository), '1.0', { variant: 'first', format }, signal);
  const before = await lockImages(rendered('a1', deployment('web', image)), 'lock', deps, signal);
  expect(before.objects).toEqual([deployment('web', `${image}@${first}`)]);
  expect(before.digests).toMatchObject([{ digest: first, mediaType }]);

  const second = await push(target(repository), '1.0', { variant: 'second', format }, signal);
  const after = await lockImages(rendered('b2', deployment('web', image)), 'lock', deps, signal);
  expect(after.objects).toEqual(before.objects);
  const [audit] = await auditImages([{ cluster: 'prod-eu', artifact: after }], deps, signal);
  expect(audit?.findings).toMatchObject([
    { id: 'reg.foreign' },
    { id: 'tag.moved', lockedDigest: first, currentDigest: second },
    { id: 'repo.mutable' },
  ]);
});

it('knows whether an image is there, and by its tags whether it is signed', async () => {
  const send = createOciClient({ http: createRegistryHttp(), accessTo: async () => ({ plainHttp: true }), clock });
  const where = { registry: plain.host, repository: 'team/signed' };
  const digest = await pushImage(target('team/signed'), '1', { variant: 'signed' }, signal);
  const other = await pushImage(target('team/signed'), '2', { variant: 'not signed' }, signal);
  await pushImage(target('team/signed'), `${digest.replace(':', '-')}.sig`, { variant: 'a signature' }, signal);
  const images = [digest, other, `sha256:${'0'.repeat(64)}`].map((one) => ({ ...where, digest: one }));
  const details = await createOciDetails(send, clock).details(images, { lifecycles: false, scans: false, signatures: true }, signal);
  expect([...details.values()]).toMatchObject([{ details: { signed: true } }, { details: { signed: false } }, { state: 'missing' }]);
});

it('reads an index to its children and their config', async () => {
  const registry = registryOf({ plainHttp: true });
  const digest = await pushIndex(target('team/deep'), '1', { variant: 'deep' }, signal);
  const where = { registry: plain.host, repository: 'team/deep' };
  const index = (await registry.manifests([{ ...where, digest }], signal)).get(`${plain.host}/team/deep@${digest}`);
  if (index?.state !== 'found') throw new Error(JSON.stringify(index));
  expect(index.manifest.children.map(({ platform }) => platform?.architecture)).toEqual(['amd64', 'arm64']);
  const child = index.manifest.children[1]?.digest ?? '';
  const manifest = (await registry.manifests([{ ...where, digest: child }], signal)).get(`${plain.host}/team/deep@${child}`);
  if (manifest?.state !== 'found') throw new Error(JSON.stringify(manifest));
  const config = await registry.config({ ...where, digest: manifest.manifest.config ?? '' }, signal);
  expect(config).toMatchObject({ state: 'found', config: { platform: { os: 'linux', architecture: 'arm64' }, mutableSteps: [] } });
});

async function resolveAt(host: string, access: RegistryAccess | undefined) {
  const reference = parseImageReference(`${host}/web:1`);
  if (reference instanceof Error) throw reference;
  return (await registryOf(access).resolve([reference], signal)).get(reference.text);
}

async function serving(listener: RequestListener): Promise<AsyncDisposable & { readonly host: string; readonly paths: string[] }> {
  const paths: string[] = [];
  const server = createServer((request, response) => {
    paths.push(request.url ?? '');
    listener(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  return {
    host: `127.0.0.1:${port}`,
    paths,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

it('asks no private address, by name or number, unless a secret says that the registry is ours', async () => {
  for (const host of [plain.host, plain.host.replace('localhost', '127.0.0.1'), plain.host.replace('localhost', '[::1]')]) {
    expect(await resolveAt(host, undefined), host).toMatchObject({ state: 'unverifiable', failure: { reason: 'PrivateAddress' } });
  }
  expect(await resolveAt('169.254.169.254', { plainHttp: true })).toMatchObject({ failure: { reason: 'PrivateAddress' } });
});

it('follows no redirect to a private address, of our own registries neither', async () => {
  await using inner = await serving((_request, response) => response.end('credentials'));
  for (const scheme of ['http', 'https']) {
    await using outer = await serving((_request, response) => {
      response.writeHead(307, { location: `${scheme}://${inner.host}/latest/meta-data` });
      response.end();
    });
    const reason = scheme === 'http' ? 'RedirectRefused' : 'PrivateAddress';
    expect(await resolveAt(outer.host, { plainHttp: true })).toMatchObject({ state: 'unverifiable', failure: { reason } });
  }
  expect(inner.paths).toEqual([]);
});

it('reads no more of an answer than a manifest may have', async () => {
  await using endless = await serving((request, response) => {
    response.setHeader('docker-content-digest', `sha256:${'0'.repeat(64)}`);
    if (request.method === 'HEAD') response.end();
    else response.end(Buffer.alloc(10_000_000));
  });
  expect(await resolveAt(endless.host, { plainHttp: true })).toMatchObject({
    state: 'unverifiable',
    failure: { reason: 'ManifestTooLarge' },
  });
});

it('calls a registry that is down unverifiable', async () => {
  expect(await resolveAt('127.0.0.1:9', { plainHttp: true })).toMatchObject({
    state: 'unverifiable',
    failure: { reason: 'RegistryUnreachable' },
  });
});
