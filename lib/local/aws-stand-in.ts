import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { reviewToken, type TokenReviewer } from './token-review.ts';

/** What `DescribeCluster` is to say of a cluster that really runs. */
export interface RunningCluster {
  readonly endpoint: string;
  readonly certificateAuthority: string;
}

export interface AwsStandIn {
  readonly port: number;
  /** Where the API server of a cluster has its tokens reviewed. */
  tokenReviewUrl(eksName: string): string;
  setCluster(eksName: string, cluster: RunningCluster): void;
  close(): Promise<void>;
}

const LARGEST_BODY = 1024 * 1024;
const DESCRIBE_CLUSTER = /^\/clusters\/([^/?]+)(?:\?.*)?$/;
const TOKEN_REVIEW = /^\/token-review\/([^/?]+)(?:\?.*)?$/;

/**
 * Starts the part of EKS that the emulator does not have: clusters that run.
 *
 * The EKS API is the emulator's own (so that signatures and permissions are checked, and access entries live there), passed on with the
 * endpoint and certificate authority of the real API server filled in. The token reviews are EKS's webhook. `emulator` is a
 * function, since the emulator starts after this server.
 */
export async function startAwsStandIn(emulator: () => URL, reviewer: () => TokenReviewer): Promise<AwsStandIn> {
  const clusters = new Map<string, RunningCluster>();
  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      console.error(error);
      if (!response.headersSent) sendJson(response, 500, { message: 'the local EKS stand-in failed; its log says why' });
      else response.destroy();
    });
  });

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '/';
    const body = await readBody(request);
    const reviewed = TOKEN_REVIEW.exec(path)?.[1];
    if (reviewed !== undefined) {
      const review = await reviewToken(JSON.parse(body.toString('utf8')), decodeURIComponent(reviewed), reviewer());
      sendJson(response, 200, review);
      return;
    }
    const answer = await passOn(request, body, emulator());
    const described = request.method === 'GET' ? DESCRIBE_CLUSTER.exec(path)?.[1] : undefined;
    const running = described === undefined ? undefined : clusters.get(decodeURIComponent(described));
    const changed = running !== undefined && answer.status === 200 ? withRunningCluster(answer.body, running) : answer.body;
    response.writeHead(answer.status, { ...answer.headers, 'content-length': changed.length });
    response.end(changed);
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server);
  return {
    port,
    tokenReviewUrl: (eksName) => `http://127.0.0.1:${port}/token-review/${encodeURIComponent(eksName)}`,
    setCluster: (eksName, cluster) => {
      clusters.set(eksName, cluster);
    },
    close: async () => {
      server.closeAllConnections();
      await once(server.close(), 'close');
    },
  };
}

function withRunningCluster(body: Buffer, running: RunningCluster): Buffer {
  const described: { cluster: Record<string, unknown> } = JSON.parse(body.toString('utf8'));
  const cluster = { ...described.cluster, endpoint: running.endpoint, certificateAuthority: { data: running.certificateAuthority } };
  return Buffer.from(JSON.stringify({ ...described, cluster }));
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** Passes a request on with every header as it came: the Host header is part of its signature. */
function passOn(incoming: IncomingMessage, body: Buffer, to: URL): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = {
      host: to.hostname,
      port: to.port,
      method: incoming.method,
      path: incoming.url,
      headers: incoming.headers,
      timeout: 30_000,
    };
    const request = httpRequest(options, (response) => {
      readBody(response).then((answer) => {
        // The answer is sent again in one piece, on a connection of its own.
        const { 'transfer-encoding': _encoding, connection: _connection, ...headers } = response.headers;
        resolve({ status: response.statusCode ?? 502, headers, body: answer });
      }, reject);
    });
    request.once('timeout', () => request.destroy(new Error('the emulator did not answer within 30 s')));
    request.once('error', reject);
    request.end(body);
  });
}

async function readBody(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of message) {
    if (!Buffer.isBuffer(part)) throw new TypeError('bodies are read as bytes');
    length += part.length;
    if (length > LARGEST_BODY) throw new RangeError(`body: larger than ${LARGEST_BODY} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function sendJson(response: ServerResponse, status: number, value: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port');
  return address.port;
}
