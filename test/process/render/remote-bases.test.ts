import { describe, expect, it } from 'vitest';
import { createRepository, type TestRepository, temporaryDirectory } from '../../helpers/git-repository.ts';
import { configMap, namesOf, render } from './render-files.ts';

/** As in the local environment, whose repositories are folders. */
const LOCAL = { environment: process.env, allowInsecure: true };
const DEPLOYED = { environment: process.env, allowInsecure: false };

function baseRepository(files: Readonly<Record<string, string>> = {}): { readonly repository: TestRepository; readonly commit: string } {
  const repository = createRepository();
  repository.git('config', 'uploadpack.allowAnySHA1InWant', 'true');
  const commit = repository.commit({ 'deploy/kustomization.yaml': 'resources: [x.yaml]', 'deploy/x.yaml': configMap('remote'), ...files });
  return { repository, commit };
}

const using = (...bases: readonly string[]) => ({
  'kustomization.yaml': `namePrefix: my-\nresources: [own.yaml, ${bases.map((base) => JSON.stringify(base)).join(', ')}]`,
  'own.yaml': configMap('own'),
});

describe('a base in another repository', () => {
  it('is fetched at its commit where the row allows it', async () => {
    const { repository, commit } = baseRepository();
    using _repository = repository;
    using temporary = temporaryDirectory();
    repository.commit({ 'deploy/x.yaml': configMap('newer') });
    const files = using(`${repository.url}//deploy?ref=${commit}`);
    const rendered = await render(files, '.', { git: LOCAL, remoteBases: 'allow', temporaryDirectory: temporary.path });
    expect(rendered.problems).toEqual([]);
    expect(namesOf(rendered)).toEqual(['my-own', 'my-remote']);
  });

  it.each([
    ['at a branch', 'https://git.example.com/acme/apps.git//deploy?ref=main', /full commit id/],
    ['at a short commit id', 'https://git.example.com/acme/apps.git//deploy?ref=0123456', /full commit id/],
    ['at no commit', 'https://git.example.com/acme/apps.git//deploy', /full commit id/],
    ['by SSH', `ssh://git@git.example.com/acme/apps.git?ref=${'a'.repeat(40)}`, /https:\/\/HOST/],
    ['with a password', `https://user:hunter2@git.example.com/acme/apps.git?ref=${'a'.repeat(40)}`, /no user/],
    ['as a file to download', 'https://raw.example.com/acme/apps/main/x.yaml', /full commit id/],
  ])('is refused %s, although the row allows some', async (_how, base, message) => {
    const rendering = render(using(base), '.', { git: DEPLOYED, remoteBases: 'allow' });
    await expect(rendering).rejects.toMatchObject({ reason: 'RemoteBase', lasting: true, message: expect.stringMatching(message) });
    await expect(rendering).rejects.toMatchObject({ message: expect.not.stringContaining('hunter2') });
  });

  it('is refused where the row says nothing', async () => {
    const base = `https://git.example.com/acme/apps.git//deploy?ref=${'a'.repeat(40)}`;
    await expect(render(using(base), '.', { git: DEPLOYED })).rejects.toMatchObject({
      reason: 'RemoteBase',
      message: expect.stringContaining('remoteBases=allow'),
    });
  });

  it('is refused when it is not HTTPS, outside of the local environment', async () => {
    const { repository, commit } = baseRepository();
    using _repository = repository;
    const rendering = render(using(`${repository.url}//deploy?ref=${commit}`), '.', { git: DEPLOYED, remoteBases: 'allow' });
    await expect(rendering).rejects.toMatchObject({
      reason: 'RemoteBase',
      lasting: true,
      message: expect.stringMatching(/not https:\/\//),
    });
  });

  it('may not lead to another one that is at no commit', async () => {
    const { repository: inner } = baseRepository();
    using _inner = inner;
    const { repository: outer, commit } = baseRepository({ 'deploy/kustomization.yaml': `resources: ["${inner.url}//deploy?ref=main"]` });
    using _outer = outer;
    const rendering = render(using(`${outer.url}//deploy?ref=${commit}`), '.', { git: LOCAL, remoteBases: 'allow' });
    await expect(rendering).rejects.toMatchObject({
      reason: 'RemoteBase',
      message: expect.stringMatching(/the reference main, which is no full commit id.*theirs in turn/),
    });
  });

  it('that cannot be reached is tried again', async () => {
    const base = `https://127.0.0.1:1/acme/apps.git//deploy?ref=${'a'.repeat(40)}`;
    await expect(render(using(base), '.', { git: DEPLOYED, remoteBases: 'allow' })).rejects.toMatchObject({
      reason: 'RemoteBase',
      lasting: false,
    });
  });
});
