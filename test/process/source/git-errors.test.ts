import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { fetchRevision, listTips } from '../../../lib/source/index.ts';
import { createRepository, temporaryDirectory } from '../../helpers/git-repository.ts';
import { startGitServer } from '../../helpers/git-server.ts';

const TOKEN = 'glpat-very-secret-value';
const host = { environment: process.env, allowInsecure: true };
const never = new AbortController().signal;

async function rejection(promise: Promise<unknown>): Promise<{ reason: unknown; text: string }> {
  const error = await promise.then(
    () => new Error('it did not fail'),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Error)) throw new Error('not an Error');
  return { reason: 'reason' in error ? error.reason : error.name, text: `${error.message}\n${error.stack}\n${JSON.stringify(error)}` };
}

/** The arguments of every process that runs now. */
function allArguments(): string {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      } catch {
        return '';
      }
    })
    .join('\n');
}

describe('a repository that cannot be read', () => {
  it.each([
    ['no credentials', undefined, /has no credentialsSecret/],
    ['a wrong token', { username: 'git', token: TOKEN, secret: 'plumbline/git' }, /Check that the token in secret plumbline\/git/],
  ])('is refused with %s, and the error says what to do without the token', async (_case, credentials, remedy) => {
    using folder = temporaryDirectory();
    createRepository(join(folder.path, 'app')).commit({ 'a.yaml': 'a: 1' });
    await using server = await startGitServer({ root: folder.path, credentials: { username: 'git', token: 'right' } });
    const { reason, text } = await rejection(listTips(host, { url: `${server.url}/app/.git`, credentials }, ['main'], folder.path, never));
    expect(reason).toBe('AuthenticationRefused');
    expect(text).toMatch(remedy);
    expect(text).not.toContain(TOKEN);
    expect(text).not.toContain(Buffer.from(`git:${TOKEN}`).toString('base64'));
  });

  it('is read with the right token, which is in no process argument meanwhile and in no file afterwards', async () => {
    using folder = temporaryDirectory();
    using target = temporaryDirectory();
    const revision = createRepository(join(folder.path, 'app')).commit({ 'a.yaml': 'a: 1' });
    const credentials = { username: 'git', token: TOKEN, secret: 'plumbline/git' };
    await using server = await startGitServer({ root: folder.path, credentials });
    const repository = { url: `${server.url}/app/.git`, credentials };

    server.mode = 'hang';
    const abort = new AbortController();
    const hanging = rejection(listTips(host, repository, ['main'], folder.path, abort.signal));
    while (server.requests.length === 0) await sleep(20);
    const running = allArguments();
    expect(running).toContain('ls-remote');
    expect(running).not.toContain(TOKEN);
    expect(running).not.toContain(Buffer.from(`git:${TOKEN}`).toString('base64'));
    abort.abort(new Error('stopped'));
    expect((await hanging).text).toContain('stopped');

    server.mode = 'serve';
    expect(await listTips(host, repository, ['main'], folder.path, never)).toEqual(new Map([['main', revision]]));
    const clone = await fetchRevision(host, repository, { reference: 'main', revision }, target.path, never);
    await clone.include('.');
    expect(readFileSync(join(target.path, 'a.yaml'), 'utf8')).toBe('a: 1');
    for (const file of readdirSync(target.path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())) {
      const bytes = readFileSync(join(file.parentPath, file.name), 'latin1');
      expect(bytes).not.toContain(TOKEN);
      expect(bytes).not.toContain(Buffer.from(`git:${TOKEN}`).toString('base64'));
    }
  });

  it('ends Git and its helpers when the signal aborts', async () => {
    using folder = temporaryDirectory();
    await using server = await startGitServer({ root: folder.path });
    server.mode = 'hang';
    const abort = new AbortController();
    const hanging = rejection(listTips(host, { url: `${server.url}/app`, credentials: undefined }, ['main'], folder.path, abort.signal));
    const bystander = spawn('sleep', ['60'], { cwd: folder.path });
    while (server.requests.length === 0) await sleep(20);
    expect(allArguments()).toContain(server.url);
    abort.abort(new Error('stopped'));
    await hanging;
    expect(allArguments()).not.toContain(server.url);
    expect(bystander.exitCode ?? bystander.signalCode).toBeNull();
    bystander.kill();
  });

  it.each([
    ['a server that fails', 'error', '/app/.git', 'RepositoryUnreachable', /500/],
    ['a repository that is not there', 'serve', '/other', 'RepositoryUnreachable', /not found/],
  ] as const)('says so of %s', async (_case, mode, path, expected, said) => {
    using folder = temporaryDirectory();
    await using server = await startGitServer({ root: folder.path });
    server.mode = mode;
    const { reason, text } = await rejection(
      listTips(host, { url: server.url + path, credentials: undefined }, ['main'], folder.path, never),
    );
    expect(reason).toBe(expected);
    expect(text).toMatch(said);
    expect(text).toContain(`repository ${server.url}${path}: `);
  });

  it('says so of a port where nobody listens', async () => {
    using folder = temporaryDirectory();
    const server = await startGitServer({ root: folder.path });
    await server[Symbol.asyncDispose]();
    const { reason } = await rejection(listTips(host, { url: `${server.url}/app`, credentials: undefined }, ['main'], folder.path, never));
    expect(reason).toBe('RepositoryUnreachable');
  });

  it('says so when there is no git', async () => {
    using folder = temporaryDirectory();
    const without = { environment: { PATH: folder.path }, allowInsecure: true };
    const repository = { url: 'http://127.0.0.1:1/app', credentials: undefined };
    const { reason, text } = await rejection(listTips(without, repository, ['main'], folder.path, never));
    expect(reason).toBe('GitMissing');
    expect(text).toContain('put it on PATH');
  });

  it('is read by a Git that is not where it was built for', async () => {
    using repository = createRepository();
    using folder = temporaryDirectory();
    const revision = repository.commit({ 'a.yaml': 'a: 1' });
    const moved = {
      environment: {
        PATH: process.env.PATH,
        GIT_EXEC_PATH: repository.git('--exec-path'),
        LD_LIBRARY_PATH: '/opt/lib',
      },
      allowInsecure: true,
    };
    const source = { url: repository.url, credentials: undefined };
    expect((await listTips(moved, source, ['main'], folder.path, never)).get('main')).toBe(revision);
    using target = temporaryDirectory();
    const clone = await fetchRevision(moved, source, { reference: 'main', revision }, target.path, never);
    await clone.include('.');
    expect(readFileSync(join(target.path, 'a.yaml'), 'utf8')).toBe('a: 1');
  });

  it('does not follow a redirect with a token', async () => {
    using folder = temporaryDirectory();
    await using elsewhere = await startGitServer({ root: folder.path });
    await using server = await startRedirect(`${elsewhere.url}/app`);
    const credentials = { username: 'git', token: TOKEN, secret: 'plumbline/git' };
    const { reason, text } = await rejection(listTips(host, { url: `${server.url}/app`, credentials }, ['main'], folder.path, never));
    expect(reason).toBe('RepositoryUnreachable');
    expect(text).toContain('Set the row to that address');
    expect(elsewhere.requests).toEqual([]);
  });

  it('is not fetched for a commit that it does not have', async () => {
    using repository = createRepository();
    using target = temporaryDirectory();
    repository.commit({ 'a.yaml': 'a: 1' });
    const revision = 'f'.repeat(40);
    const { reason } = await rejection(
      fetchRevision(host, { url: repository.url, credentials: undefined }, { reference: revision, revision }, target.path, never),
    );
    expect(reason).toBe('ReferenceNotFound');
  });
});

async function startRedirect(to: string): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((request, response) => {
    response.writeHead(301, { Location: to + (request.url ?? '').replace(/^\/app/, '') }).end();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}
