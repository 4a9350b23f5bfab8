import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { processRepository } from '../../../lib/source/index.ts';
import { createRepository, type TestRepository, temporaryDirectory } from '../../helpers/git-repository.ts';
import { startGitServer } from '../../helpers/git-server.ts';
import { Fleet, row } from './source-fleet.ts';

const configMap = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n`;

interface Served extends AsyncDisposable {
  readonly repository: TestRepository;
  readonly url: string;
  readonly requests: string[];
  setMode(mode: 'serve' | 'error'): void;
}

async function serveRepository(): Promise<Served> {
  const folder = temporaryDirectory();
  const repository = createRepository(join(folder.path, 'app'));
  const server = await startGitServer({ root: folder.path, credentials: { username: 'git', token: 'right' } });
  return {
    repository,
    url: `${server.url}/app/.git`,
    requests: server.requests,
    setMode: (mode) => {
      server.mode = mode;
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

describe('following a repository', () => {
  it('serves every row by one poll and one fetch, and is silent while nothing moves', async () => {
    await using served = await serveRepository();
    using fleet = new Fleet();
    const first = served.repository.commit({ 'app/a.yaml': configMap('a'), 'other/b.yaml': configMap('b') });
    const secret = { credentialsSecret: 'git' };
    fleet.add(row('one', served.url, secret), row('two', served.url, secret), row('three', served.url, { ...secret, path: 'other' }));
    fleet.add(row('off', served.url, { ...secret, mode: 'off' }), row('elsewhere', 'https://example.com/x', secret));

    const summary = await fleet.run(served.url, 'git');
    expect(summary.outcomes.map(({ cluster, outcome, revision }) => [cluster, outcome, revision])).toEqual([
      ['one', 'published', first],
      ['two', 'published', first],
      ['three', 'published', first],
    ]);
    expect(fleet.lockedPaths).toEqual(['app', 'other']);
    expect(fleet.messages.map(({ cluster, reason }) => `${cluster} ${reason}`)).toEqual(['one artifact', 'two artifact', 'three artifact']);
    expect(fleet.desired('two')?.objects.map(({ metadata }) => metadata.name)).toEqual(['a']);
    expect(fleet.states.get('one')?.desiredArtifact).toBe(fleet.states.get('two')?.desiredArtifact);

    served.requests.length = 0;
    fleet.stateWrites = 0;
    const again = await fleet.run(served.url, 'git');
    expect(again.outcomes.map(({ outcome }) => outcome)).toEqual(['unchanged', 'unchanged', 'unchanged']);
    expect(served.requests.filter((url) => url.includes('info/refs')).length).toBe(1);
    expect(fleet.stateWrites).toBe(0);
    expect(fleet.messages.length).toBe(3);
    expect(readdirSync(fleet.temporary.path)).toEqual([]);

    const second = served.repository.commit({ 'app/a.yaml': configMap('a2') });
    await fleet.run(served.url, 'git');
    expect(fleet.desired('one')).toMatchObject({ revision: second, reference: 'main', path: 'app' });
    expect(fleet.artifacts.size).toBe(4);
  });

  it('keeps the failure of one row to that row, and does not try it again until something moves', async () => {
    using repository = createRepository();
    using fleet = new Fleet();
    repository.commit({ 'app/a.yaml': configMap('a'), 'bad/kustomization.yaml': 'resources: [missing.yaml]', 'empty/x.txt': '' });
    fleet.add(
      row('good', repository.url),
      row('no-path', repository.url, { path: 'nowhere' }),
      row('empty', repository.url, { path: 'empty' }),
      row('bad', repository.url, { path: 'bad' }),
      row('no-branch', repository.url, { branch: 'release' }),
    );
    const reasons = (outcomes: Awaited<ReturnType<Fleet['run']>>['outcomes']) =>
      Object.fromEntries(outcomes.map(({ cluster, outcome, failure }) => [cluster, failure?.reason ?? outcome]));
    const expected = { 'no-branch': 'ReferenceNotFound', 'no-path': 'PathNotFound', empty: 'PathEmpty', bad: 'KustomizeFailed' };
    expect(reasons((await fleet.run(repository.url)).outcomes)).toEqual({ ...expected, good: 'published' });
    expect(fleet.states.get('no-branch')?.sourceFailure?.message).toContain('no branch or tag "release"');
    expect(fleet.states.get('bad')?.sourceFailure?.message).toContain('bad/kustomization.yaml');
    expect(fleet.states.get('bad')?.desiredArtifact).toBeUndefined();

    fleet.stateWrites = 0;
    expect(reasons((await fleet.run(repository.url)).outcomes)).toEqual({ ...expected, good: 'unchanged' });
    expect(fleet.stateWrites).toBe(0);
    const recorded = await fleet.records.query({});
    expect(recorded.map(({ cluster, error }) => [cluster, error?.reason]).sort()).toEqual(Object.entries(expected).sort());
    for (const record of recorded) expect(record).toMatchObject({ kind: 'run', outcome: 'failed', event: 'failed', runId: 'poll' });

    repository.commit({ 'bad/missing.yaml': configMap('there') });
    await fleet.run(repository.url);
    expect(fleet.states.get('bad')?.sourceFailure).toBeUndefined();
    expect(fleet.desired('bad')?.objects.length).toBe(1);
    expect(fleet.states.get('no-path')?.sourceFailure?.reason).toBe('PathNotFound');
  });

  it('tells every row when the repository cannot be reached, keeps their artifacts, and takes it back', async () => {
    await using served = await serveRepository();
    using fleet = new Fleet();
    served.repository.commit({ 'app/a.yaml': configMap('a'), 'bad/kustomization.yaml': 'resources: [missing.yaml]' });
    fleet.add(row('one', served.url, { credentialsSecret: 'git' }), row('bad', served.url, { credentialsSecret: 'git', path: 'bad' }));
    await fleet.run(served.url, 'git');
    const before = fleet.states.get('one')?.desiredArtifact;

    served.setMode('error');
    await fleet.run(served.url, 'git');
    for (const cluster of ['one', 'bad']) expect(fleet.states.get(cluster)?.sourceFailure?.reason).toBe('RepositoryUnreachable');
    await fleet.run(served.url, 'git');
    expect((await fleet.records.query({ cluster: 'one' })).map(({ error }) => error?.reason)).toEqual(['RepositoryUnreachable']);
    expect(fleet.states.get('one')?.desiredArtifact).toBe(before);

    served.setMode('serve');
    await fleet.run(served.url, 'git');
    expect(fleet.states.get('one')?.sourceFailure).toBeUndefined();
    expect(fleet.states.get('bad')?.sourceFailure?.reason).toBe('KustomizeFailed');
    expect(fleet.messages.length).toBe(1);
  });

  it('does not ask for a full commit id once it is rendered', async () => {
    await using served = await serveRepository();
    using fleet = new Fleet();
    const first = served.repository.commit({ 'app/a.yaml': configMap('a') });
    served.repository.commit({ 'app/a.yaml': configMap('later') });
    fleet.add(row('pinned', served.url, { credentialsSecret: 'git', branch: first }));
    await fleet.run(served.url, 'git');
    expect(fleet.desired('pinned')?.objects[0]?.metadata.name).toBe('a');
    served.requests.length = 0;
    expect((await fleet.run(served.url, 'git')).outcomes).toMatchObject([{ outcome: 'unchanged', revision: first }]);
    expect(served.requests).toEqual([]);
  });

  it('tries again at the next tick while an image is blocked, and publishes when it is not', async () => {
    using repository = createRepository();
    using fleet = new Fleet();
    repository.commit({ 'app/a.yaml': configMap('a') });
    fleet.add(row('one', repository.url));
    fleet.blocked = { 'apps/Deployment/shop/web': { reason: 'TagUnresolvable', message: 'web:9 does not exist' } };
    await fleet.run(repository.url);
    await fleet.run(repository.url);
    expect(fleet.lockedPaths.length).toBe(2);
    expect(fleet.messages.length).toBe(1);
    fleet.blocked = {};
    await fleet.run(repository.url);
    await fleet.run(repository.url);
    expect(fleet.lockedPaths.length).toBe(3);
    expect(fleet.messages.length).toBe(2);
  });

  it('asks again after ten minutes about an image that stops a rollout, and publishes when it does not any more', async () => {
    using repository = createRepository();
    using fleet = new Fleet();
    repository.commit({ 'app/a.yaml': configMap('a') });
    fleet.add(row('one', repository.url));
    const image = 'registry.example/web:1@sha256:00';
    fleet.images = { [image]: { stops: [{ reason: 'DigestMissing', message: 'it is gone' }] } };
    await fleet.run(repository.url);
    expect(fleet.desired('one')?.images).toEqual(fleet.images);
    fleet.images = { [image]: { isIndex: true, platforms: [{ os: 'linux', architecture: 'amd64' }] } };
    fleet.now = new Date('2026-11-25T00:09:59Z');
    await fleet.run(repository.url);
    expect(fleet.lockedPaths.length).toBe(1);
    fleet.now = new Date('2026-11-25T00:10:00Z');
    await fleet.run(repository.url);
    expect(fleet.desired('one')?.images).toEqual(fleet.images);
    expect(fleet.messages.length).toBe(2);
    fleet.now = new Date('2026-11-25T01:00:00Z');
    await fleet.run(repository.url);
    expect(fleet.lockedPaths.length).toBe(2);
  });

  it('renders again when a row is edited to another path or branch', async () => {
    using repository = createRepository();
    using fleet = new Fleet();
    repository.commit({ 'app/a.yaml': configMap('a'), 'other/b.yaml': configMap('b') });
    repository.git('branch', 'next');
    fleet.add(row('one', repository.url));
    await fleet.run(repository.url);
    fleet.add(row('one', repository.url, { path: 'other' }));
    await fleet.run(repository.url);
    expect(fleet.desired('one')?.path).toBe('other');
    fleet.add(row('one', repository.url, { path: 'other', branch: 'next' }));
    await fleet.run(repository.url);
    expect(fleet.desired('one')?.reference).toBe('next');
  });

  it('does not set a row back when it is slow and another poll has published a newer commit meanwhile', async () => {
    using repository = createRepository();
    using fleet = new Fleet();
    repository.commit({ 'app/a.yaml': configMap('a') });
    fleet.add(row('one', repository.url));
    const deps = fleet.dependencies();
    let newer = '';
    const slow = processRepository(
      { repository: repository.url },
      {
        ...deps,
        lockImages: async (...request) => {
          newer = repository.commit({ 'app/a.yaml': configMap('b') });
          await fleet.run(repository.url);
          return deps.lockImages(...request);
        },
      },
      new AbortController().signal,
    );

    expect((await slow).outcomes).toMatchObject([{ outcome: 'unchanged' }]);
    expect(fleet.desired('one')?.revision).toBe(newer);
    expect(fleet.messages).toHaveLength(1);
  });

  it('says nothing of its rows when it ran out of time', async () => {
    using repository = createRepository();
    using fleet = new Fleet();
    repository.commit({ 'app/a.yaml': configMap('a') });
    fleet.add(row('one', repository.url));
    const stopped = AbortSignal.abort(new Error('out of time'));
    await expect(processRepository({ repository: repository.url }, fleet.dependencies(), stopped)).rejects.toThrow('out of time');
    expect(fleet.states.size).toBe(0);
    expect(readdirSync(fleet.temporary.path)).toEqual([]);
  });
});
