import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, request as httpsRequest, type RequestOptions } from 'node:https';
import type { Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { TestCluster } from '../kubernetes/control-plane.ts';

/** One request on its way. */
export interface Passage {
  readonly response: ServerResponse;
  /** Passes it on to the API server. */
  forward(): void;
  /** Resets the connection that it came on. */
  reset(): void;
}

export type Fault = (passage: Passage) => void;

export interface Border {
  readonly endpoint: string;
  /** From now on this happens to requests whose path holds `part`; undefined ends it. */
  break(part: string, fault: Fault | undefined): void;
  close(): Promise<void>;
}

/** A proxy in front of a real API server, as a load balancer is, which can do to some requests what networks and servers do. */
export async function startBorder(cluster: TestCluster): Promise<Border> {
  const target = new URL(cluster.controlPlane.endpoint);
  const ca = Buffer.from(cluster.controlPlane.certificateAuthority, 'base64').toString('utf8');
  let broken: { readonly part: string; readonly fault: Fault } | undefined;

  const pass = (request: IncomingMessage, body: Buffer, response: ServerResponse): void => {
    const { method = 'GET', url = '/', headers } = request;
    const options: RequestOptions = {
      host: target.hostname,
      port: target.port,
      ca,
      method,
      path: url,
      headers: { ...headers, host: target.host },
    };
    httpsRequest(options, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    })
      .on('error', () => response.destroy())
      .end(body);
  };
  const server = createServer(cluster.certificate, (request, response) => {
    void buffer(request).then((body) => {
      const fault = broken !== undefined && (request.url ?? '').includes(broken.part) ? broken.fault : undefined;
      if (fault === undefined) pass(request, body, response);
      else {
        const connection = connections.get(request.socket.remotePort ?? 0);
        fault({ response, forward: () => pass(request, body, response), reset: () => void connection?.resetAndDestroy() });
      }
    });
  });
  // TLS sockets cannot be reset, only what is beneath them.
  const connections = new Map<number, Socket>();
  server.on('connection', (connection: Socket) => connections.set(connection.remotePort ?? 0, connection));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return {
    endpoint: `https://127.0.0.1:${address.port}`,
    break(part, fault) {
      broken = fault === undefined ? undefined : { part, fault };
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A Status as the API server answers it. */
export function status(code: number, reason: string, message: string, headers: Readonly<Record<string, string>> = {}): Fault {
  return ({ response }) =>
    response
      .writeHead(code, { 'content-type': 'application/json', ...headers })
      .end(JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message }));
}

/** The same, so many times; then the request goes through. */
export function first(times: number, fault: Fault): Fault {
  let left = times;
  return (passage) => {
    left -= 1;
    if (left >= 0) fault(passage);
    else passage.forward();
  };
}

export const reset: Fault = (passage) => passage.reset();

export const cutInTheMiddle: Fault = ({ response }) => {
  response
    .writeHead(200, { 'content-type': 'application/json', 'content-length': '5000' })
    .write('{"kind":"ConfigMap","apiVersion":"v1","me');
  response.socket?.end();
};
