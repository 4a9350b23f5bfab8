import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('../../../lib/cli/main.ts', import.meta.url));

interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly error: string;
}

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'plumbline-cli-'));
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

/** An AWS account whose every service is this server. */
function atEndpoint(server: Server): Readonly<Record<string, string>> {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_ENDPOINT_URL: `http://127.0.0.1:${port}` };
}

function plumbline(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return start(args, environment).ended;
}

/** Runs the command as a process that has no terminal, and no AWS account but the environment's. */
function start(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: directory,
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_CONFIG_FILE: join(directory, 'none'),
      AWS_SHARED_CREDENTIALS_FILE: join(directory, 'none'),
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let error = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    error += text;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, out, error }));
  });
  return { child, ended };
}

const COMMANDS = [
  '',
  'cluster',
  'cluster add',
  'cluster list',
  'cluster show',
  'cluster set',
  'cluster suspend',
  'cluster resume',
  'cluster remove',
  'render',
  'plan',
  'reconcile',
  'status',
  'records',
  'images',
  'completion',
  'local up',
  'local down',
  'local status',
  'local env',
];

describe('the command, as a process', () => {
  it.each(COMMANDS)('plumbline %s --help shows an example', async (command) => {
    const { status, out, error } = await plumbline([...command.split(' ').filter((word) => word !== ''), '--help']);
    expect([status, error]).toEqual([0, '']);
    expect(out).toMatch(/\nExamples?:\n +(\$ |eval )?.*plumbline/);
  });

  it('ends with 1 and names the nearest command for one that does not exist', async () => {
    const { status, out, error } = await plumbline(['stauts']);
    expect([status, out]).toEqual([1, '']);
    expect(error).toContain("unknown command 'stauts'");
    expect(error).toContain('status');
  });

  it('ends with 1 and says how to sign in when there are no credentials', async () => {
    const { status, out, error } = await plumbline(['status', '--json'], { AWS_REGION: 'eu-west-1' });
    expect([status, out]).toEqual([1, '']);
    expect(error).toContain('eval "$(plumbline local env)"');
  });

  it('says what to do when no region is set', async () => {
    const { status, error } = await plumbline(['status']);
    expect(status).toBe(1);
    expect(error).toContain('--region');
  });

  it('says what to do when the deployment is not there', async () => {
    const server = createServer((_request, response) => {
      response.writeHead(400, { 'content-type': 'text/xml' });
      response.end(
        '<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><Error><Type>Sender</Type><Code>ValidationError</Code>' +
          '<Message>Stack with id fleet-control does not exist</Message></Error><RequestId>1</RequestId></ErrorResponse>',
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { status, error } = await plumbline(['--region', 'eu-west-1', 'status', '--stack', 'fleet'], atEndpoint(server));
      expect(status).toBe(1);
      expect(error).toMatch(
        /^error: deployment "fleet": there is no stack fleet-control in eu-west-1\. Deploy it with `npx cdk deploy --all`/,
      );
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it('ends with 130 on Ctrl-C, while AWS does not answer', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    try {
      const running = start(['--region', 'eu-west-1', 'status'], atEndpoint(silent));
      silent.once('request', () => running.child.kill('SIGINT'));
      const { status, out, error } = await running.ended;
      expect([status, out, error]).toEqual([130, '', 'interrupted\n']);
    } finally {
      silent.closeAllConnections();
      await new Promise((resolve) => silent.close(resolve));
    }
  });

  it('says where to look when nothing answers at the endpoint', async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
    const environment = atEndpoint(closed);
    await new Promise((resolve) => closed.close(resolve));
    const { status, error } = await plumbline(['--region', 'eu-west-1', 'status'], environment);
    expect(status).toBe(1);
    expect(error).toContain('AWS_ENDPOINT_URL');
  });

  it('renders a folder without any deployment, and masks its Secrets', async () => {
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'db', namespace: 'shop' }, stringData: { password: 'hunter2' } };
    await writeFile(join(directory, 'secret.json'), JSON.stringify(secret));
    await writeFile(
      join(directory, 'settings.yaml'),
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: shop}\ndata: {mode: "0644"}\n',
    );
    const { status, out, error } = await plumbline(['render', '--path', '.', '--json']);
    expect([status, error]).toEqual([0, '']);
    const objects = out
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    expect(objects).toMatchObject([{ kind: 'Secret' }, { kind: 'ConfigMap', data: { mode: '0644' } }]);
    expect(out).not.toContain('hunter2');
    expect(out).not.toContain(Buffer.from('hunter2').toString('base64'));
  });
});
