import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Clone, fetchRevision } from '../../../lib/source/index.ts';
import { createRepository, type FileContent, type TestRepository, temporaryDirectory } from '../../helpers/git-repository.ts';
import { startGitServer } from '../../helpers/git-server.ts';

const host = { environment: process.env, allowInsecure: true };
const signal = new AbortController().signal;

async function withClone(
  files: Readonly<Record<string, FileContent>>,
  work: (clone: Clone, has: (path: string) => boolean) => Promise<void>,
): Promise<void> {
  using repository = createRepository();
  using target = temporaryDirectory();
  const revision = repository.commit(files);
  const clone = await fetchRevision(
    host,
    { url: repository.url, credentials: undefined },
    { reference: 'main', revision },
    target.path,
    signal,
  );
  await work(clone, (path) => existsSync(join(target.path, path)));
}

const kustomization = (body: string) => `apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n${body}\n`;

describe('a sparse work tree', () => {
  it('has the path and everything that its kustomizations lead to, and nothing else', async () => {
    const files = {
      'apps/web/overlays/prod/kustomization.yaml': kustomization(`resources: [../../base, ../../../../shared/ns.yaml]
components: [../../../../components/tls]
patches: [{path: ../../patches/cpu.yaml}]
configMapGenerator: [{name: a, files: [key=../../files/a.txt], envs: [../../files/b.env]}]`),
      'apps/web/base/kustomization.yml': kustomization('resources: [deploy.yaml, ../../lib]'),
      'apps/web/base/deploy.yaml': 'x',
      'apps/lib/Kustomization': kustomization('resources: [lib.yaml]'),
      'apps/lib/lib.yaml': 'x',
      'apps/web/patches/cpu.yaml': 'x',
      'apps/web/patches/other.yaml': 'x',
      'apps/web/files/a.txt': 'x',
      'apps/web/files/b.env': 'x',
      'shared/ns.yaml': 'x',
      'shared/other.yaml': 'x',
      'components/tls/kustomization.yaml': kustomization(''),
      'apps/other/deploy.yaml': 'x',
      'README.md': 'x',
    };
    const extra = ['apps/web/patches/other.yaml', 'shared/other.yaml', 'apps/other/deploy.yaml', 'README.md'];
    await withClone(files, async (clone, has) => {
      await clone.include('apps/web/overlays/prod');
      expect(Object.keys(files).filter((file) => !has(file))).toEqual(extra);
      await clone.include('apps/other');
      expect(Object.keys(files).filter((file) => !has(file))).toEqual(extra.filter((file) => file !== 'apps/other/deploy.yaml'));
    });
  });

  it('is the full tree when a kustomization has what is not understood', async () => {
    const files = {
      'app/kustomization.yaml': kustomization('generators: [generator.yaml]'),
      'app/generator.yaml': 'x',
      'somewhere/else.txt': 'x',
    };
    await withClone(files, async (clone, has) => {
      await clone.include('app');
      expect(has('somewhere/else.txt')).toBe(true);
    });
  });

  it('has names that Git would take for patterns', async () => {
    await withClone({ 'a [b]*/x.yaml': 'x', '#c/!d.yaml': 'x', 'a c/x.yaml': 'x' }, async (clone, has) => {
      await clone.include('a [b]*');
      expect([has('a [b]*/x.yaml'), has('#c/!d.yaml'), has('a c/x.yaml')]).toEqual([true, false, false]);
      await clone.include('#c');
      expect(has('#c/!d.yaml')).toBe(true);
    });
  });

  it('has what symlinks inside the repository point to', async () => {
    const files = {
      'app/a.yaml': { link: '../shared/a.yaml' },
      'app/more': { link: '../shared/more' },
      'shared/a.yaml': 'x',
      'shared/more/kustomization.yaml': kustomization('resources: [../../deep/b.yaml]'),
      'deep/b.yaml': 'x',
      current: { link: 'app' },
    };
    await withClone(files, async (clone, has) => {
      await clone.include('app');
      expect(['app/a.yaml', 'app/more/kustomization.yaml', 'deep/b.yaml'].filter((file) => !has(file))).toEqual([]);
      await clone.include('current/more');
      expect(has('current/more/kustomization.yaml')).toBe(true);
    });
  });

  it.each<[string, Record<string, FileContent>, string]>([
    ['to an absolute path', { 'app/x.yaml': { link: '/etc/hostname' } }, 'app'],
    ['above the repository', { 'app/x.yaml': { link: '../../x.yaml' } }, 'app'],
    ['above it through another link', { 'app/x': { link: '../hop/../../etc' }, hop: { link: '.' }, 'etc/y': 'x' }, 'app'],
    ['out of a base', { 'app/kustomization.yaml': kustomization('resources: [../base]'), 'base/x.yaml': { link: '/etc/hostname' } }, 'app'],
    ['as the kustomization itself', { 'app/kustomization.yaml': { link: '/etc/hostname' } }, 'app'],
    ['into the folder of Git', { 'app/x.yaml': { link: '../.git/config' } }, 'app'],
    ['as the path itself', { app: { link: '/etc' } }, 'app'],
    ['above the path', { up: { link: '/' }, 'app/x.yaml': 'x' }, 'up/etc'],
  ])('is refused for a symlink that leads out: %s; another path is not', async (_case, files, path) => {
    await withClone({ ...files, 'fine/x.yaml': 'x' }, async (clone, has) => {
      await expect(clone.include(path)).rejects.toMatchObject({ reason: 'PathOutsideRepository', lasting: true });
      await clone.include('fine');
      expect(has('fine/x.yaml')).toBe(true);
    });
  });

  it.each([
    ['missing/folder', '"missing/folder" does not exist at main'],
    ['app/x.yaml', '"app/x.yaml" is a file at main, not a folder'],
  ])('is refused for %s', async (path, said) => {
    await withClone({ 'app/x.yaml': 'x' }, async (clone) => {
      await expect(clone.include(path)).rejects.toMatchObject({ reason: 'PathNotFound', message: expect.stringContaining(said) });
    });
  });
});

describe('fetching over HTTP', () => {
  const folder = temporaryDirectory();
  let repository: TestRepository;
  let first: string;
  beforeAll(() => {
    repository = createRepository(join(folder.path, 'app'));
    first = repository.commit({ 'app/a.yaml': 'first', 'big/1.bin': 'x'.repeat(100_000) });
    repository.commit({
      'app/a.yaml': 'second',
      ...Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`big/${n}.bin`, `${n}`.repeat(50_000)])),
    });
  });
  afterAll(() => folder[Symbol.dispose]());

  async function objectsFetched(allowFilter: boolean, revision: string): Promise<{ blobs: number; files: string[] }> {
    using target = temporaryDirectory();
    await using server = await startGitServer({ root: folder.path, allowFilter });
    const remote = { url: `${server.url}/app/.git`, credentials: undefined };
    const clone = await fetchRevision(host, remote, { reference: 'main', revision }, target.path, signal);
    await clone.include('app');
    const objects = execFileSync('git', ['cat-file', '--batch-all-objects', '--batch-check'], { cwd: target.path, encoding: 'utf8' });
    const files = readdirSync(target.path, { recursive: true, encoding: 'utf8' }).filter((file) => /^(app|big)\//.test(file));
    return { blobs: objects.split('\n').filter((line) => line.includes(' blob ')).length, files };
  }

  it('fetches the blobs of the path only', async () => {
    const { blobs, files } = await objectsFetched(true, repository.git('rev-parse', 'HEAD'));
    expect(blobs).toBe(1);
    expect(files).toEqual(['app/a.yaml']);
  });

  it('does with a server that cannot filter', async () => {
    const { blobs, files } = await objectsFetched(false, repository.git('rev-parse', 'HEAD'));
    expect(blobs).toBe(21);
    expect(files).toEqual(['app/a.yaml']);
  });

  it('fetches a commit that is no tip any more', async () => {
    const { blobs } = await objectsFetched(true, first);
    expect(blobs).toBe(1);
  });
});
