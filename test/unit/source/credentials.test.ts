import { describe, expect, it } from 'vitest';
import { parseGitCredentials } from '../../../lib/source/credentials.ts';

describe('credentials of a repository', () => {
  it('takes a user name or the default one', () => {
    expect(parseGitCredentials('s', '{"token":"t"}')).toEqual({ username: 'x-access-token', token: 't', secret: 's' });
    expect(parseGitCredentials('s', '{"username":"u","token":"t"}')).toEqual({ username: 'u', token: 't', secret: 's' });
  });

  it.each([
    'hunter2',
    '{"password":"hunter2"}',
    '{"token":""}',
    '{"token":"hunter2\\nX: y"}',
    '{"username":"a:b","token":"hunter2"}',
    '"hunter2"',
  ])('refuses %s without repeating it', (text) => {
    let message = '';
    try {
      parseGitCredentials('apps/git', text);
    } catch (error) {
      message = String(error);
    }
    expect(message).toMatch(/secret apps\/git: it must be JSON with "token"/);
    expect(message).not.toContain('hunter2');
  });
});
