import { describe, expect, it } from 'vitest';
import { ImageReferenceError, parseImageReference, printableReference } from '../../../lib/images/reference.ts';

const HEX = '0123456789abcdef'.repeat(4);
const SHA256 = `sha256:${HEX}`;
const ECR = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';

const valid: readonly (readonly [text: string, registry: string, repository: string, tag?: string | undefined, digest?: string])[] = [
  ['nginx', 'docker.io', 'library/nginx'],
  ['nginx:1.27', 'docker.io', 'library/nginx', '1.27'],
  [`nginx@${SHA256}`, 'docker.io', 'library/nginx', undefined, SHA256],
  [`nginx:1.27@${SHA256}`, 'docker.io', 'library/nginx', '1.27', SHA256],
  ['bitnami/redis:7', 'docker.io', 'bitnami/redis', '7'],
  ['docker.io/nginx', 'docker.io', 'library/nginx'],
  ['docker.io/library/nginx:1', 'docker.io', 'library/nginx', '1'],
  ['docker.io/bitnami/redis', 'docker.io', 'bitnami/redis'],
  ['index.docker.io/nginx', 'docker.io', 'library/nginx'],
  ['index.docker.io/bitnami/redis', 'docker.io', 'bitnami/redis'],
  ['test_com', 'docker.io', 'library/test_com'],
  ['test.com:tag', 'docker.io', 'library/test.com', 'tag'],
  ['test.com:5000', 'docker.io', 'library/test.com', '5000'],
  ['test_com/foo', 'docker.io', 'test_com/foo'],
  ['foo/foo_bar.com:8080', 'docker.io', 'foo/foo_bar.com', '8080'],
  ['192.168.1.1', 'docker.io', 'library/192.168.1.1'],
  ['lowercase:Uppercase', 'docker.io', 'library/lowercase', 'Uppercase'],
  ['a__b:1', 'docker.io', 'library/a__b', '1'],
  ['a---b:1', 'docker.io', 'library/a---b', '1'],
  ['a.b_c-d:1', 'docker.io', 'library/a.b_c-d', '1'],
  ['localhost/web', 'localhost', 'web'],
  ['localhost:5000/web', 'localhost:5000', 'web'],
  ['test:5000/repo', 'test:5000', 'repo'],
  ['test:5000/repo:tag', 'test:5000', 'repo', 'tag'],
  [`test:5000/repo@${SHA256}`, 'test:5000', 'repo', undefined, SHA256],
  [`test:5000/repo:tag@${SHA256}`, 'test:5000', 'repo', 'tag', SHA256],
  ['Uppercase/lowercase:tag', 'Uppercase', 'lowercase', 'tag'],
  ['192.168.1.1:5000/repo:5050', '192.168.1.1:5000', 'repo', '5050'],
  ['[2001:db8::1]/repo', '[2001:db8::1]', 'repo'],
  ['[2001:db8::1]:5000/repo:tag', '[2001:db8::1]:5000', 'repo', 'tag'],
  ['sub-dom1.foo.com/bar/baz/quux:some-long-tag', 'sub-dom1.foo.com', 'bar/baz/quux', 'some-long-tag'],
  ['b.gcr.io/test.example.com/my-app:test.example.com', 'b.gcr.io', 'test.example.com/my-app', 'test.example.com'],
  ['xn--n3h.com/myimage:xn--n3h.com', 'xn--n3h.com', 'myimage', 'xn--n3h.com'],
  [`xn--7o8h.com/image:t@sha512:${HEX}${HEX}`, 'xn--7o8h.com', 'image', 't', `sha512:${HEX}${HEX}`],
  [`ghcr.io/a/b@sha384:${HEX}${HEX.slice(0, 32)}`, 'ghcr.io', 'a/b', undefined, `sha384:${HEX}${HEX.slice(0, 32)}`],
  [`${ECR}/team/web:1.4.2`, ECR, 'team/web', '1.4.2'],
  [`${ECR}/web:_internal`, ECR, 'web', '_internal'],
  [`${ECR}/web:${'t'.repeat(128)}`, ECR, 'web', 't'.repeat(128)],
  [`example.com/${'a/'.repeat(127)}a`, 'example.com', `${'a/'.repeat(127)}a`],
  [`${HEX}:1`, 'docker.io', `library/${HEX}`, '1'],
];

const invalid: readonly (readonly [why: string, text: string, says: string])[] = [
  ['nothing', '', 'is empty'],
  ['a tag alone', ':justtag', 'repository that is not well formed'],
  ['a digest alone', `@${SHA256}`, 'repository that is not well formed'],
  ['a short digest', 'repo@sha256:ffffffffffffffffffffffffffffffffff', 'a digest that is not well formed'],
  ['a long digest', `repo@${SHA256}0`, 'a digest that is not well formed'],
  ['an upper-case digest', `repo@sha256:${HEX.toUpperCase()}`, 'a digest that is not well formed'],
  ['an unknown algorithm', `repo@sha1:${HEX}`, 'a digest that is not well formed'],
  ['something else after the @', `repo@nodigest:${HEX}`, 'something before an @'],
  ['two digests', `repo@${SHA256}@${SHA256}`, 'something before an @'],
  ['upper case', 'Uppercase:tag', 'upper-case letters'],
  ['upper case after the registry', 'test:5000/Uppercase/lowercase:tag', 'upper-case letters'],
  ['a repository of 256 characters', `example.com/${'a'.repeat(256)}`, 'at most 255'],
  ['a repository of 256 characters with its default', `${'a'.repeat(248)}:1`, 'at most 255'],
  ['a tag of 129 characters', `repo:${'t'.repeat(129)}`, 'a tag that is not well formed'],
  ['an empty tag', 'repo:', 'a tag that is not well formed'],
  ['a tag that begins with a dot', 'repo:.1', 'a tag that is not well formed'],
  ['a tag that begins with a hyphen', 'repo:-1', 'a tag that is not well formed'],
  ['a tag with a slash', 'example.com/repo:a/b', 'a tag that is not well formed'],
  ['a tag with a plus', 'repo:1.0+build', 'a tag that is not well formed'],
  ['two tags', 'repo:1:2', 'a tag that is not well formed'],
  ['other characters', 'aa/asdf$$^/aa', 'repository that is not well formed'],
  ['a leading slash', '/repo', 'a registry that is not a host name'],
  ['a trailing slash', 'example.com/repo/', 'repository that is not well formed'],
  ['an empty component', 'example.com/a//b', 'repository that is not well formed'],
  ['a leading separator', 'example.com/-a', 'repository that is not well formed'],
  ['a trailing separator', 'example.com/a_:1', 'repository that is not well formed'],
  ['three underscores', 'example.com/a___b', 'repository that is not well formed'],
  ['two dots', 'example.com/a..b', 'repository that is not well formed'],
  ['a way out of the registry', 'example.com/../etc', 'repository that is not well formed'],
  ['an IPv6 address without a repository', '[2001:db8::1]:5000', 'repository that is not well formed'],
  ['an IPv6 zone', '[fe80::1%eth0]:5000/repo', 'a registry that is not a host name'],
  ['a registry that ends in a hyphen', 'example-.com/repo', 'a registry that is not a host name'],
  ['a registry with an empty label', 'example..com/repo', 'a registry that is not a host name'],
  ['a registry with a port that is no number', 'example.com:http/repo', 'a registry that is not a host name'],
  ['a URL', 'https://example.com/repo:1', 'URL scheme'],
  ['a bare image id', HEX, 'a bare image id'],
  ['a space', 'example.com/repo: 1', 'spaces, control or non-ASCII'],
  ['a line feed', 'example.com/repo:1\n', 'spaces, control or non-ASCII'],
  ['a NUL', 'example.com/repo:1\0', 'spaces, control or non-ASCII'],
  ['an escape sequence', 'example.com/\u001b[31mrepo', 'spaces, control or non-ASCII'],
  ['a letter that looks like another', 'example.com/r\u0435po:1', 'spaces, control or non-ASCII'],
  ['credentials', 'robot:hunter2@example.com/repo:1', 'something before an @'],
  ['credentials and a digest', `robot:hunter2@example.com/repo:1@${SHA256}`, 'something before an @'],
  ['credentials before a host alone', 'robot:hunter2@example.com', 'something before an @'],
  ['credentials with an @ of their own', 'robot:hun@ter2@example.com/repo', 'something before an @'],
  ['2,000 characters', `example.com/${'a'.repeat(2000)}`, 'at most 1024'],
];

describe('parseImageReference', () => {
  for (const [text, registry, repository, tag, digest] of valid) {
    it(`reads ${text}`, () => {
      const optional = { ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) };
      expect(parseImageReference(text)).toEqual({ text, registry, repository, ...optional });
    });
  }

  it.each(invalid)('refuses %s', (_why, text, says) => {
    const parsed = parseImageReference(text);
    if (!(parsed instanceof ImageReferenceError)) throw new Error(`${text} was accepted`);
    expect(parsed.reason).toBe('InvalidImageReference');
    expect(parsed.message).toContain(says);
    expect(parsed.message).toMatch(/^[ -~…]*$/);
    expect(parsed.message.length).toBeLessThan(750);
    expect(parsed.message).not.toMatch(/hunter2|hun|ter2/);
  });

  it('answers for a repository that is made to confuse it', () => {
    expect(parseImageReference(`example.com/${'a-'.repeat(500)}!`)).toBeInstanceOf(ImageReferenceError);
  });
});

describe('printableReference', () => {
  it.each([
    ['leaves a reference as it is', `${ECR}/web:1@${SHA256}`, `${ECR}/web:1@${SHA256}`],
    ['hides credentials', 'robot:hunter2@example.com/web:1', '***@example.com/web:1'],
    ['hides credentials before a digest', `robot:hun@ter2@example.com/web@${SHA256}`, `***@example.com/web@${SHA256}`],
    ['escapes control characters', 'web:\u001b[31m\n', 'web:\\u{1b}[31m\\u{a}'],
  ])('%s', (_behaviour, text, shown) => {
    expect(printableReference(text)).toBe(shown);
  });

  it('keeps two long references apart within 500 characters', () => {
    const long = `example.com/${'a'.repeat(900)}`;
    expect(printableReference(`${long}1`)).toHaveLength(500);
    expect(printableReference(`${long}1`)).not.toBe(printableReference(`${long}2`));
  });
});
