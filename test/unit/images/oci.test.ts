import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createOciClient, type RegistryAccess } from '../../../lib/images/oci/client.ts';
import { type RegistryHttp, RegistryHttpError, type RegistryRequest } from '../../../lib/images/oci/http.ts';
import { createOciRegistry } from '../../../lib/images/oci/oci.ts';
import { parseImageReference } from '../../../lib/images/reference.ts';
import type { ImageReference } from '../../../lib/images/types.ts';

const never = new AbortController().signal;
const OCI_IMAGE = 'application/vnd.oci.image.manifest.v1+json';
const MANIFEST = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_IMAGE, layers: [] }));
const DIGEST = `sha256:${createHash('sha256').update(MANIFEST).digest('hex')}`;
const CHALLENGE = 'Bearer realm="https://auth.example/token",service="registry.example",scope="repository:web:pull"';

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
}

/** A registry whose answers are written by hand, over everything above the socket. */
function registryThatAnswers(answer: (request: RegistryRequest) => Answer, access?: RegistryAccess) {
  const requests: RegistryRequest[] = [];
  let now = Date.parse('2026-01-01T00:00:00Z');
  const http: RegistryHttp = async (request) => {
    requests.push(request);
    const { status, headers = {}, body = '' } = answer(request);
    return { status, headers, body: request.method === 'HEAD' ? Buffer.alloc(0) : Buffer.from(body) };
  };
  const client = createOciClient({
    http,
    accessTo: async (host) => (host === 'registry.example' ? access : undefined),
    clock: { now: () => new Date(now) },
  });
  const pass = (seconds: number) => {
    now += seconds * 1000;
  };
  return { registry: createOciRegistry(client), requests, pass };
}

const found = (headers: Readonly<Record<string, string>> = { 'docker-content-digest': DIGEST }): Answer => ({
  status: 200,
  headers: { 'content-type': `${OCI_IMAGE}; charset=utf-8`, ...headers },
  body: MANIFEST,
});
const failed = (status: number, code: string): Answer => ({ status, body: JSON.stringify({ errors: [{ code }] }) });

function reference(text: string): ImageReference {
  const parsed = parseImageReference(text);
  if (parsed instanceof Error) throw parsed;
  return parsed;
}

async function resolve(registry: ReturnType<typeof createOciRegistry>, text = 'registry.example/web:1') {
  return (await registry.resolve([reference(text)], never)).get(text);
}

const linesOf = (requests: readonly RegistryRequest[]) => requests.map(({ method, url }) => `${method} ${url.href}`);

describe('resolve', () => {
  it('asks by HEAD with every media type, then reads the manifest once by its digest', async () => {
    const { registry, requests } = registryThatAnswers(() => found());
    expect(await resolve(registry)).toEqual({ state: 'found', digest: DIGEST, mediaType: OCI_IMAGE, platforms: [] });
    await resolve(registry);
    expect(linesOf(requests)).toEqual([
      'HEAD https://registry.example/v2/web/manifests/1',
      `GET https://registry.example/v2/web/manifests/${DIGEST}`,
      'HEAD https://registry.example/v2/web/manifests/1',
    ]);
    expect(requests[0]?.headers.accept?.split(', ')).toHaveLength(4);
  });

  it('hashes the manifest itself where the registry names no digest', async () => {
    const { registry, requests } = registryThatAnswers(() => found({}));
    expect(await resolve(registry)).toMatchObject({ state: 'found', digest: DIGEST });
    expect(linesOf(requests)).toEqual([
      'HEAD https://registry.example/v2/web/manifests/1',
      'GET https://registry.example/v2/web/manifests/1',
    ]);
  });

  it('refuses bytes of another digest', async () => {
    const { registry } = registryThatAnswers(() => found({ 'docker-content-digest': `sha256:${'0'.repeat(64)}` }));
    expect(await resolve(registry)).toMatchObject({ state: 'unverifiable', failure: { reason: 'DigestMismatch' } });
  });

  it('asks Docker Hub where it serves its images', async () => {
    const { registry, requests } = registryThatAnswers(() => found());
    await resolve(registry, 'nginx:1.27');
    expect(requests[0]?.url.href).toBe('https://registry-1.docker.io/v2/library/nginx/manifests/1.27');
  });

  it.each([
    ['an unknown manifest', failed(404, 'MANIFEST_UNKNOWN'), 'missing', 'ManifestUnknown'],
    ['an unknown repository, which may be one that we may not see', failed(404, 'NAME_UNKNOWN'), 'unverifiable', 'RepositoryUnknown'],
    ['a 404 of a proxy', { status: 404, body: '<html>' }, 'unverifiable', 'RepositoryUnknown'],
    ['401 without a challenge', failed(401, 'UNAUTHORIZED'), 'unverifiable', 'AccessDenied'],
    ['403', failed(403, 'DENIED'), 'unverifiable', 'AccessDenied'],
    ['429', failed(429, 'TOOMANYREQUESTS'), 'unverifiable', 'TooManyRequests'],
    ['500', { status: 500 }, 'unverifiable', 'RegistryFailed'],
    ['a redirect to nowhere', { status: 302 }, 'unverifiable', 'RegistryFailed'],
  ])('takes %s for %s', async (_what, answer, state, reason) => {
    const { registry } = registryThatAnswers(() => answer);
    expect(await resolve(registry)).toMatchObject({ state, failure: { reason } });
  });

  it.each([
    ['a manifest of 10 MB', 'AnswerTooLarge', 'ManifestTooLarge'],
    ['a registry that is down', 'RegistryUnreachable', 'RegistryUnreachable'],
  ])('takes %s for unverifiable', async (_what, thrown, reason) => {
    const { registry } = registryThatAnswers(() => {
      throw new RegistryHttpError(thrown, 'registry registry.example: …');
    });
    expect(await resolve(registry)).toMatchObject({ state: 'unverifiable', failure: { reason } });
  });

  it('leaves a registry alone for as long as it asks', async () => {
    const { registry, requests, pass } = registryThatAnswers(() => ({
      ...failed(429, 'TOOMANYREQUESTS'),
      headers: { 'retry-after': '120' },
    }));
    await resolve(registry);
    pass(119);
    expect(await resolve(registry)).toMatchObject({ state: 'unverifiable', failure: { reason: 'TooManyRequests' } });
    expect(requests).toHaveLength(1);
    pass(2);
    await resolve(registry);
    expect(requests).toHaveLength(2);
  });
});

describe('the challenge', () => {
  const guarded = (request: RegistryRequest): Answer => {
    if (request.url.host === 'auth.example') return { status: 200, body: JSON.stringify({ token: 'granted', expires_in: 300 }) };
    return request.headers.authorization === 'Bearer granted' ? found() : { status: 401, headers: { 'www-authenticate': CHALLENGE } };
  };

  it('is answered with a token for pulling this repository only, kept until it expires', async () => {
    const { registry, requests, pass } = registryThatAnswers(guarded, { username: 'robot', password: 'secret' });
    expect(await resolve(registry)).toMatchObject({ state: 'found' });
    expect(linesOf(requests)[1]).toBe('GET https://auth.example/token?service=registry.example&scope=repository%3Aweb%3Apull');
    expect(requests[1]?.headers.authorization).toBe(`Basic ${Buffer.from('robot:secret').toString('base64')}`);
    await resolve(registry);
    expect(linesOf(requests).filter((line) => line.includes('auth.example'))).toHaveLength(1);
    pass(300);
    await resolve(registry);
    expect(linesOf(requests).filter((line) => line.includes('auth.example'))).toHaveLength(2);
  });

  it('is answered without credentials where there is no secret', async () => {
    const { registry, requests } = registryThatAnswers(guarded);
    expect(await resolve(registry)).toMatchObject({ state: 'found' });
    expect(requests[1]?.headers).toEqual({});
    expect(requests.every(({ allowPrivate }) => !allowPrivate)).toBe(true);
  });

  it('is answered with the password itself where the registry asks for that', async () => {
    const basic = `Basic ${Buffer.from('robot:secret').toString('base64')}`;
    const { registry } = registryThatAnswers(
      ({ headers }) => (headers.authorization === basic ? found() : { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } }),
      { username: 'robot', password: 'secret' },
    );
    expect(await resolve(registry)).toMatchObject({ state: 'found' });
  });

  it.each([
    ['tokens without TLS', 'Bearer realm="http://auth.example/token"', 'RedirectRefused'],
    ['no realm', 'Bearer service="x"', 'AccessDenied'],
    ['a realm that is no address', 'Bearer realm="/token"', 'AccessDenied'],
  ])('is not answered when it offers %s', async (_what, challenge, reason) => {
    const { registry } = registryThatAnswers(() => ({ status: 401, headers: { 'www-authenticate': challenge } }), {
      username: 'robot',
      password: 'secret',
    });
    expect(await resolve(registry)).toMatchObject({
      state: 'unverifiable',
      failure: { reason, message: expect.not.stringContaining('secret:') },
    });
  });
});

describe('a redirect', () => {
  it('is followed without the authorization, and never into our own network', async () => {
    const { registry, requests } = registryThatAnswers(
      ({ url }) => (url.host === 'cdn.example' ? found() : { status: 307, headers: { location: 'https://cdn.example/blob' } }),
      {},
    );
    expect(await resolve(registry)).toMatchObject({ state: 'found' });
    expect(requests.map(({ url, allowPrivate }) => [url.host, allowPrivate])).toEqual([
      ['registry.example', true],
      ['cdn.example', false],
      ['registry.example', true],
      ['cdn.example', false],
    ]);
  });

  it.each([
    ['to plain HTTP', 'http://cdn.example/x'],
    ['with credentials', 'https://a:b@cdn.example/x'],
    ['to itself for ever', 'https://registry.example/v2/web/manifests/1'],
    ['to what is no address', 'https://[x'],
  ])('%s is refused', async (_what, location) => {
    const { registry } = registryThatAnswers(() => ({ status: 302, headers: { location } }));
    expect(await resolve(registry)).toMatchObject({ state: 'unverifiable', failure: { reason: 'RedirectRefused' } });
  });
});

describe('config', () => {
  const config = Buffer.from(
    JSON.stringify({
      os: 'linux',
      architecture: 'arm64',
      variant: 'v8',
      config: { Labels: { 'org.opencontainers.image.revision': 'a1b2c3' } },
      history: [{ created_by: 'RUN apt-get update && apt-get -y upgrade' }, { created_by: 'RUN apt-get install -y curl' }, {}],
    }),
  );
  const digest = `sha256:${createHash('sha256').update(config).digest('hex')}`;
  const where = { registry: 'registry.example', repository: 'web', digest };

  it('says platform, commit and the steps that upgrade whatever is newest', async () => {
    const { registry, requests } = registryThatAnswers(() => ({ status: 200, body: config }));
    expect(await registry.config(where, never)).toEqual({
      state: 'found',
      config: {
        platform: { os: 'linux', architecture: 'arm64', variant: 'v8' },
        revision: 'a1b2c3',
        mutableSteps: ['RUN apt-get update && apt-get -y upgrade'],
      },
    });
    expect(requests[0]?.url.pathname).toBe(`/v2/web/blobs/${digest}`);
  });

  it.each([
    ['other bytes', { status: 200, body: '{}' }, 'unverifiable', 'DigestMismatch'],
    ['an unknown blob', failed(404, 'BLOB_UNKNOWN'), 'missing', 'ManifestUnknown'],
    ['403', failed(403, 'DENIED'), 'unverifiable', 'AccessDenied'],
  ])('takes %s for %s', async (_what, answer, state, reason) => {
    const { registry } = registryThatAnswers(() => answer);
    expect(await registry.config(where, never)).toMatchObject({ state, failure: { reason } });
  });
});
