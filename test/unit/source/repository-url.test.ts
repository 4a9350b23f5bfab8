import { describe, expect, it } from 'vitest';
import { checkRepositoryUrl } from '../../../lib/source/repository-url.ts';

describe('repository URLs', () => {
  it.each(['https://github.com/acme/apps', 'https://git.example.com:8443/a/b.git'])('accepts %s everywhere', (url) => {
    expect(checkRepositoryUrl(url, { allowInsecure: false })).toBe(url);
  });

  it.each(['http://127.0.0.1:3000/apps', 'file:///srv/apps'])('accepts %s in the local environment only', (url) => {
    expect(checkRepositoryUrl(url, { allowInsecure: true })).toBe(url);
    expect(() => checkRepositoryUrl(url, { allowInsecure: false })).toThrow(/in the local environment only: use https/);
  });

  it.each([
    ['git@github.com:acme/apps.git', /SSH is not supported: use the HTTPS URL/],
    ['ssh://git@github.com/acme/apps.git', /SSH is not supported: use the HTTPS URL/],
    ['codecommit::eu-west-1://apps', /CodeCommit.*use the HTTPS URL/],
    ['codecommit://apps', /CodeCommit.*use the HTTPS URL/],
    ['https://user:hunter2@github.com/acme/apps', /user or password/],
    ['https://hunter2@github.com/acme/apps', /user or password/],
    ['https://github.com/acme/apps?ref=hunter2', /query or a fragment/],
    ['git://github.com/acme/apps', /git:\/\/ is not supported/],
    ['ext::sh -c hunter2', /no URL|not supported/],
    ['--upload-pack=hunter2', /no URL/],
    ['/srv/apps', /no URL/],
  ])('refuses %s with the remedy and without what may be secret', (url, message) => {
    expect(() => checkRepositoryUrl(url, { allowInsecure: true })).toThrow(message);
    expect(() => checkRepositoryUrl(url, { allowInsecure: true })).toThrow(expect.not.stringContaining('hunter2'));
  });
});
