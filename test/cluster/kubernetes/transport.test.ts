import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ApiClient, ApiResource, ClientOptions } from '../../../lib/kubernetes/index.ts';
import { startTestCluster, type TestCluster } from './control-plane.ts';

let cluster: TestCluster;
const servers: Server[] = [];

beforeAll(async () => {
  cluster = await startTestCluster();
});
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});
afterAll(() => cluster?.stop());

const signal = AbortSignal.timeout(120_000);
const configMaps: ApiResource = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true, verbs: [] };
const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'default' } };
const applying = { fieldManager: 'plumbline-test', dryRun: false } as const;

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

const json =
  (status: number, body: object, headers: Readonly<Record<string, string>> = {}): Answer =>
  (response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
const status = (code: number, message: string, headers?: Readonly<Record<string, string>>): Answer =>
  json(code, { kind: 'Status', message }, headers);
const version = json(200, { gitVersion: 'v1.36.3' });
const dropped: Answer = (response) => response.destroy();

/** A server that plays an API server: answers requests in turn, the last answer for all that follow. */
async function play(answers: readonly Answer[], options: Partial<ClientOptions> = {}) {
  const arrivals: number[] = [];
  let connections = 0;
  const server = createServer(cluster.certificate, (request, response) => {
    const answer = answers[Math.min(arrivals.length, answers.length - 1)];
    arrivals.push(performance.now());
    request.resume().once('end', () => answer?.(response, request));
  });
  servers.push(server);
  server.on('secureConnection', () => {
    connections += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  const client: ApiClient = cluster.client({ endpoint: `https://127.0.0.1:${address.port}`, random: () => 0, ...options });
  return { client, arrivals, server, connections: () => connections };
}

describe('connections', () => {
  it('are few for many requests, and kept', async () => {
    const { client, connections } = await play([version]);
    const ask = () => client.serverVersion(signal);
    await Promise.all(Array.from({ length: 200 }, ask));
    const opened = connections();
    for (let request = 0; request < 50; request += 1) await ask();
    expect(opened).toBeLessThanOrEqual(16);
    expect(connections()).toBe(opened);
    expect(client.requests).toBe(250);
  });

  it('are opened again when the server closed them while idle', async () => {
    const { client, server } = await play([version]);
    await client.serverVersion(signal);
    server.closeAllConnections();
    expect(await client.serverVersion(signal)).toBe('v1.36.3');
  });
});

describe('requests', () => {
  it('name the client and carry the token', async () => {
    let headers: IncomingMessage['headers'] = {};
    const { client } = await play([
      (response, request) => {
        headers = request.headers;
        version(response, request);
      },
    ]);
    await client.serverVersion(signal);
    expect(headers).toMatchObject({ authorization: `Bearer ${cluster.controlPlane.adminToken}`, 'user-agent': 'plumbline' });
  });

  it('wait as long as Retry-After says', async () => {
    const { client, arrivals } = await play([status(429, 'too many requests', { 'retry-after': '1' }), version]);
    expect(await client.serverVersion(signal)).toBe('v1.36.3');
    const [first = 0, second = 0] = arrivals;
    expect(second - first).toBeGreaterThanOrEqual(1_000);
  });

  it('give up at once when Retry-After is longer than a run', async () => {
    const { client, arrivals } = await play([status(429, 'too many requests', { 'retry-after': '600' })]);
    await expect(client.serverVersion(signal)).rejects.toMatchObject({ reason: 'TooManyRequests', retryAfterSeconds: 600 });
    expect(arrivals).toHaveLength(1);
  });

  it('are sent again when the connection broke before an answer, an apply too', async () => {
    const read = await play([dropped, dropped, version]);
    expect(await read.client.serverVersion(signal)).toBe('v1.36.3');
    const write = await play([dropped, json(201, object)]);
    expect(await write.client.apply(configMaps, object, applying, signal)).toMatchObject({ created: true });
  });

  it('are sent again after a 500 when they only read, and not when they write', async () => {
    const answers = [status(500, 'webhook failed'), json(200, object)];
    const dry = await play(answers);
    await dry.client.apply(configMaps, object, { ...applying, dryRun: true }, signal);
    expect(dry.arrivals).toHaveLength(2);
    const write = await play(answers);
    await expect(write.client.apply(configMaps, object, applying, signal)).rejects.toMatchObject({ reason: 'InternalError' });
    expect(write.arrivals).toHaveLength(1);
  });

  it('end with the caller’s own reason when it aborts, waiting for an answer or for the next attempt', async () => {
    const reason = new Error('the run is over');
    for (const answer of [() => undefined, status(503, 'later', { 'retry-after': '9' })]) {
      const controller = new AbortController();
      const { client, server } = await play([answer]);
      server.once('request', () => controller.abort(reason));
      await expect(client.serverVersion(controller.signal)).rejects.toBe(reason);
    }
    const { client, arrivals } = await play([version]);
    await expect(client.serverVersion(AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(arrivals).toHaveLength(0);
  });

  it('follow no redirection', async () => {
    const { client, arrivals } = await play([(response) => response.writeHead(302, { location: '/elsewhere' }).end()]);
    await expect(client.serverVersion(signal)).rejects.toMatchObject({ reason: 'BadResponse', status: 302 });
    expect(arrivals).toHaveLength(1);
  });
});

describe('answers', () => {
  it('may be packed', async () => {
    const packed = gzipSync(JSON.stringify({ gitVersion: 'v1.36.3' }));
    const { client } = await play([(response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(packed)]);
    expect(await client.serverVersion(signal)).toBe('v1.36.3');
  });

  it('carry the server’s warnings', async () => {
    const { client } = await play([json(200, object, { warning: '299 - "v1 is \\"old\\"", 299 - "another"' })]);
    expect((await client.apply(configMaps, object, applying, signal)).warnings).toEqual(['v1 is "old"', 'another']);
  });

  it.each<[string, Answer]>([
    [
      'cut off in the middle',
      (response) => {
        response.writeHead(200, { 'content-length': '1000' }).write('{"gitVersion":"v1.');
        response.socket?.end();
      },
    ],
    [
      'cut off where it is packed',
      (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{"gitVersion":"v1"}').subarray(0, 20)),
    ],
    ['not JSON', (response) => response.writeHead(200).end('<html>hunter2</html>')],
    ['empty', (response) => response.writeHead(200).end()],
    ['something else', json(200, { hunter2: true })],
  ])('that are %s are bad responses, and not quoted', async (_name, answer) => {
    const { client } = await play([answer]);
    const failure = await client.serverVersion(signal).catch((error: unknown) => error);
    expect(failure).toMatchObject({ reason: 'BadResponse' });
    expect(String(failure)).not.toContain('hunter2');
  });

  it('that are another object are bad responses', async () => {
    const { client } = await play([json(200, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' } })]);
    await expect(client.get(configMaps, { namespace: 'default', name: 'a' }, signal)).rejects.toMatchObject({ reason: 'BadResponse' });
  });

  it('are bounded, on the wire and unpacked', async () => {
    const limits = { maximumResponseBytes: 10_000 };
    const big = JSON.stringify({ gitVersion: 'x'.repeat(1_000_000) });
    const plain = await play([(response) => response.writeHead(200).end(big)], { limits });
    await expect(plain.client.serverVersion(signal)).rejects.toMatchObject({ reason: 'ResponseTooLarge' });
    const bomb = await play([(response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(big))], { limits });
    await expect(bomb.client.serverVersion(signal)).rejects.toMatchObject({ reason: 'ResponseTooLarge' });
  });

  it.each<[string, Answer, ClientOptions['limits']]>([
    ['never begin', () => undefined, { headersTimeoutMilliseconds: 300 }],
    [
      'stop in the middle',
      (response) => response.writeHead(200, { 'content-length': '1000' }).write('{'),
      { bodyTimeoutMilliseconds: 300 },
    ],
    [
      'drip',
      (response) => {
        const timer = setInterval(() => response.write(' '), 20);
        response.once('close', () => clearInterval(timer));
      },
      { attemptTimeoutMilliseconds: 500 },
    ],
  ])('that %s are time-outs', async (_name, answer, limits) => {
    const { client, arrivals } = await play([answer], { limits: limits ?? {} });
    await expect(client.serverVersion(signal)).rejects.toMatchObject({ reason: 'Timeout', status: 0 });
    expect(arrivals).toHaveLength(1);
  });
});
