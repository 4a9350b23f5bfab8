import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';

/** A request to AWS as it crosses the border. */
export interface AwsRequest {
  /** As in the scope of its signature: `dynamodb`, `s3`, `kms`, `secretsmanager`, `sqs`, `ecr`, `sts`, `eks`. */
  readonly service: string;
  /** As in X-Amz-Target; of S3 the method. */
  readonly operation: string;
  /** Path and body: what it is about is in there. */
  readonly text: string;
}

/** One request on its way. */
interface Passage {
  readonly request: AwsRequest;
  readonly response: ServerResponse;
  /** Passes it on, and resolves to the answer. */
  forward(): Promise<{ readonly status: number; readonly headers: IncomingMessage['headers']; readonly body: Buffer }>;
}

export type AwsFault = (passage: Passage) => void;

export interface AwsBorder {
  readonly endpoint: string;
  /** From now on this happens to the requests that match. */
  break(matches: (request: AwsRequest) => boolean, fault: AwsFault): void;
  /** Ends it, and resolves to how many requests it happened to. */
  mend(): number;
  close(): Promise<void>;
}

/** A proxy in front of AWS which can do to some requests what networks and services do. Everything else passes as it came. */
export async function startAwsBorder(target: URL): Promise<AwsBorder> {
  let broken: { readonly matches: (request: AwsRequest) => boolean; readonly fault: AwsFault } | undefined;
  let hits = 0;

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(incoming);
    const request = describe(incoming, body);
    const passage: Passage = { request, response, forward: () => passOn(incoming, body, target) };
    if (broken?.matches(request) === true) {
      hits += 1;
      broken.fault(passage);
      return;
    }
    const answer = await passage.forward();
    response.writeHead(answer.status, withoutFraming(answer.headers)).end(answer.body);
  }

  const server = createServer((incoming, response) => {
    handle(incoming, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    break(matches, fault) {
      broken = { matches, fault };
      hits = 0;
    },
    mend() {
      broken = undefined;
      return hits;
    },
    async close() {
      server.closeAllConnections();
      await once(server.close(), 'close');
    },
  };
}

function describe({ headers, url = '/', method = 'GET' }: IncomingMessage, body: Buffer): AwsRequest {
  const [, service = ''] = /Credential=[^/]+\/[^/]+\/[^/]+\/([^/]+)\//.exec(headers.authorization ?? '') ?? [];
  const target = headers['x-amz-target'];
  const operation = typeof target === 'string' ? (target.split('.').at(-1) ?? '') : method;
  return { service, operation, text: `${url}\n${body.toString('latin1')}` };
}

function passOn(incoming: IncomingMessage, body: Buffer, to: URL): ReturnType<Passage['forward']> {
  const { method, url, headers } = incoming;
  const { promise, resolve, reject } = Promise.withResolvers<Awaited<ReturnType<Passage['forward']>>>();
  // The Host header is part of the signature.
  httpRequest({ host: to.hostname, port: to.port, method, path: url, headers }, (answer) => {
    buffer(answer).then((bytes) => resolve({ status: answer.statusCode ?? 502, headers: answer.headers, body: bytes }), reject);
  })
    .once('error', reject)
    .end(body);
  return promise;
}

/** The answer is sent again in one piece, on a connection of its own. */
function withoutFraming({
  'transfer-encoding': _encoding,
  connection: _connection,
  ...headers
}: IncomingMessage['headers']): IncomingMessage['headers'] {
  return headers;
}

/** An error as the service words it: XML of S3 and STS, JSON of the others. */
export function answers(status: number, code: string): AwsFault {
  return ({ request, response }) => {
    if (request.service === 's3' || request.service === 'sts') {
      const error = `<Error><Code>${code}</Code><Message>injected</Message></Error>`;
      const xml = request.service === 's3' ? error : `<ErrorResponse>${error}</ErrorResponse>`;
      response.writeHead(status, { 'content-type': 'application/xml' }).end(`<?xml version="1.0" encoding="UTF-8"?>${xml}`);
    } else {
      const body = JSON.stringify({ __type: code, message: 'injected' });
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-errortype': code }).end(body);
    }
  };
}

/** A body that is not what was asked for, with status 200. */
export function answersWith(make: (request: AwsRequest) => object): AwsFault {
  return ({ request, response }) =>
    void response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(make(request)));
}

export const resets: AwsFault = ({ response }) => void response.socket?.resetAndDestroy();

/** Nothing is said, and the connection stays. */
export const hangs: AwsFault = () => {};

/** The headers and half of the body, then the connection ends. */
export const cuts: AwsFault = ({ response, forward }) => {
  forward().then(
    ({ status, headers, body }) => {
      response.writeHead(status, { ...withoutFraming(headers), 'content-length': body.length });
      response.write(body.subarray(0, body.length / 2), () => response.socket?.end());
    },
    () => response.destroy(),
  );
};

/** The same, so many times; then the requests go through. */
export function first(times: number, fault: AwsFault): AwsFault {
  let left = times;
  return (passage) => {
    left -= 1;
    if (left >= 0) return fault(passage);
    passage.forward().then(
      ({ status, headers, body }) => passage.response.writeHead(status, withoutFraming(headers)).end(body),
      () => passage.response.destroy(),
    );
  };
}
