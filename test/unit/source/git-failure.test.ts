import { describe, expect, it } from 'vitest';
import { gitFailure } from '../../../lib/source/git-failure.ts';

const command = {
  repository: 'https://git.example.com/apps',
  credentials: { username: 'u', token: 'hunter2', secret: 'plumbline/git' },
  directory: '/tmp/work',
  timeoutSeconds: 30,
};

describe('what Git printed', () => {
  it.each([
    ["remote: HTTP Basic: Access denied\nfatal: Authentication failed for 'https://git.example.com/apps/'", 'AuthenticationRefused'],
    ["fatal: could not read Username for 'https://git.example.com': terminal prompts disabled", 'AuthenticationRefused'],
    ["fatal: unable to access 'https://git.example.com/apps/': The requested URL returned error: 403", 'AuthenticationRefused'],
    ["remote: Repository not found.\nfatal: repository 'https://git.example.com/apps/' not found", 'RepositoryUnreachable'],
    ["fatal: unable to access 'https://git.example.com/apps/': Could not resolve host: git.example.com", 'RepositoryUnreachable'],
    ["fatal: unable to access 'https://git.example.com/apps/': SSL certificate problem: self-signed certificate", 'RepositoryUnreachable'],
    ['fatal: remote error: upload-pack: not our ref ffff', 'ReferenceNotFound'],
    ["fatal: couldn't find remote ref gone", 'ReferenceNotFound'],
    ['', 'RepositoryUnreachable'],
  ])('%j is %s', (output, reason) => {
    const failure = gitFailure(command, false, output);
    expect(failure).toMatchObject({ reason, lasting: false });
    expect(failure.message).toMatch(/^repository https:\/\/git\.example\.com\/apps: /);
  });

  it('is the same at each poll, however long a connection took to fail', () => {
    const words = (ms: number) =>
      gitFailure(command, false, `fatal: unable to access 'x': Failed to connect to git.example.com port 443 after ${ms} ms: No route`)
        .message;
    expect(words(3)).toBe(words(2041));
  });

  it('ends in one full stop, and goes on after none', () => {
    const { message } = gitFailure(command, false, 'fatal: Could not read from remote repository.\nfatal: the remote end hung up.\n');
    expect(message).toContain(': fatal: Could not read from remote repository; fatal: the remote end hung up. Check');
  });

  it('keeps the path of a repository that lies below the folder Git works in', () => {
    const said = "fatal: '/tmp/shop.git' does not appear to be a git repository";
    const local = { ...command, repository: 'file:///tmp/shop.git', directory: '/tmp' };
    expect(gitFailure(local, false, said).message).toContain(said);
  });

  it('is repeated without the token, in any form that Git has seen', () => {
    const basic = Buffer.from('u:hunter2').toString('base64');
    const { message } = gitFailure(command, false, `fatal: bad header Authorization: Basic ${basic} of hunter2 in /tmp/work/.git`);
    expect(message).not.toMatch(/hunter2|\/tmp\/work/);
    expect(message).not.toContain(basic);
  });
});
