import { spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

export interface GitServer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`; a repository is at `/NAME` below it. */
  readonly url: string;
  /** Path and query of each request, in order. */
  readonly requests: string[];
  /** `hang` accepts and never answers; `error` answers 500; may be changed while it runs. */
  mode: 'serve' | 'hang' | 'error';
}

export interface GitServerOptions {
  /** The folder with the repositories. */
  readonly root: string;
  /** Basic credentials that every request must have. */
  readonly credentials?: { readonly username: string; readonly token: string };
  /** Whether clients may ask for less than whole commits. */
  readonly allowFilter?: boolean;
}

/** Git's own smart-HTTP server on a free port of the loopback interface. It accepts pushes too. */
export async function startGitServer({ root, credentials, allowFilter = true }: GitServerOptions): Promise<GitServer> {
  const children = new Set<ReturnType<typeof spawn>>();
  const expected = credentials && `Basic ${Buffer.from(`${credentials.username}:${credentials.token}`).toString('base64')}`;

  const server = createServer((request, response) => {
    state.requests.push(request.url ?? '');
    if (state.mode === 'hang') return;
    if (state.mode === 'error') {
      response.writeHead(500).end();
    } else if (expected !== undefined && request.headers.authorization !== expected) {
      response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="git"' }).end();
    } else {
      serve(request, response);
    }
  });

  const serve = (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const child = spawn('git', ['http-backend'], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: {
        PATH: process.env.PATH,
        HOME: '/nonexistent',
        GIT_PROJECT_ROOT: root,
        GIT_HTTP_EXPORT_ALL: '1',
        PATH_INFO: decodeURIComponent(url.pathname),
        QUERY_STRING: url.search.slice(1),
        REQUEST_METHOD: request.method ?? 'GET',
        CONTENT_TYPE: request.headers['content-type'] ?? '',
        HTTP_CONTENT_ENCODING: String(request.headers['content-encoding'] ?? ''),
        GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
        REMOTE_ADDR: '127.0.0.1',
        REMOTE_USER: credentials?.username ?? 'anonymous',
        GIT_CONFIG_COUNT: '3',
        GIT_CONFIG_KEY_0: 'uploadpack.allowFilter',
        GIT_CONFIG_VALUE_0: String(allowFilter),
        GIT_CONFIG_KEY_1: 'http.receivepack',
        GIT_CONFIG_VALUE_1: 'true',
        GIT_CONFIG_KEY_2: 'safe.directory',
        GIT_CONFIG_VALUE_2: '*',
      },
    });
    children.add(child);
    child.once('close', () => children.delete(child));
    child.stdin.on('error', () => undefined);
    request.pipe(child.stdin);
    let head: Buffer | undefined = Buffer.alloc(0);
    child.stdout.on('data', (chunk: Buffer) => {
      if (head === undefined) {
        response.write(chunk);
        return;
      }
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return;
      const headers = head
        .subarray(0, end)
        .toString()
        .split('\r\n')
        .map((line) => line.split(': ', 2));
      const status = headers.find(([name]) => name === 'Status')?.[1];
      response.writeHead(Number.parseInt(status ?? '200', 10), Object.fromEntries(headers.filter(([name]) => name !== 'Status')));
      response.write(head.subarray(end + 4));
      head = undefined;
    });
    child.stdout.once('end', () => response.end());
  };

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');

  const state: GitServer = {
    url: `http://127.0.0.1:${address.port}`,
    requests: [],
    mode: 'serve',
    async [Symbol.asyncDispose]() {
      for (const child of children) child.kill('SIGKILL');
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
  return state;
}
