import { describe, expect, it } from 'vitest';
import { listTips } from '../../../lib/source/references.ts';
import { createRepository, temporaryDirectory } from '../../helpers/git-repository.ts';

const host = { environment: process.env, allowInsecure: true };
const signal = new AbortController().signal;

describe('asking a repository for its tips', () => {
  it('resolves branches, light and annotated tags and commit ids in one request', async () => {
    using repository = createRepository();
    using folder = temporaryDirectory();
    const first = repository.commit({ 'a.yaml': 'a: 1' });
    repository.git('tag', 'light');
    repository.git('tag', '--annotate', 'annotated', '--message', 'Release');
    repository.git('tag', 'v1.0');
    const second = repository.commit({ 'a.yaml': 'a: 2' });
    repository.git('branch', 'team/next');
    repository.git('tag', 'main-tag');
    const annotatedObject = repository.git('rev-parse', 'annotated');

    const references = ['main', 'team/next', 'light', 'annotated', 'v1', 'v1.0', 'next', first, 'refs/heads/main', '-x', 'ma*'];
    const tips = await listTips(host, { url: repository.url, credentials: undefined }, references, folder.path, signal);

    expect(Object.fromEntries(tips)).toEqual({
      main: second,
      'team/next': second,
      light: first,
      annotated: first,
      'v1.0': first,
      [first]: first,
      'refs/heads/main': second,
    });
    expect(annotatedObject).not.toBe(first);
  });

  it('prefers a branch to a tag of the same name', async () => {
    using repository = createRepository();
    using folder = temporaryDirectory();
    repository.commit({ 'a.yaml': 'a: 1' });
    repository.git('tag', 'release');
    const second = repository.commit({ 'a.yaml': 'a: 2' });
    repository.git('branch', 'release');
    const tips = await listTips(host, { url: repository.url, credentials: undefined }, ['release'], folder.path, signal);
    expect(tips.get('release')).toBe(second);
  });

  it('finds nothing in an empty repository', async () => {
    using repository = createRepository();
    using folder = temporaryDirectory();
    const tips = await listTips(host, { url: repository.url, credentials: undefined }, ['main'], folder.path, signal);
    expect(tips.size).toBe(0);
  });
});
