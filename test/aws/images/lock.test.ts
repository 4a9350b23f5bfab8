import { BatchDeleteImageCommand } from '@aws-sdk/client-ecr';
import { describe, expect, it } from 'vitest';
import { createEcrRegistry } from '../../../lib/images/ecr/ecr.ts';
import { type LockDependencies, lockImages } from '../../../lib/images/locks/lock.ts';
import { relockImage } from '../../../lib/images/locks/relock.ts';
import { createRegistryHttp } from '../../../lib/images/oci/http.ts';
import type { ImageRegistry } from '../../../lib/images/registry/registry.ts';
import { type PushTarget, pushImage, pushIndex } from '../../../lib/local/registry.ts';
import type { LockedSource } from '../../../lib/source/artifact.ts';
import { createLockStore } from '../../../lib/storage/lock-table.ts';
import { ecrClient, freshRepository, freshStateTable, testRegistry } from '../../helpers/registry.ts';
import { deployment, rendered } from '../../helpers/workloads.ts';

let web: PushTarget;
let deps: LockDependencies;
const http = createRegistryHttp();
const signal = AbortSignal.timeout(120_000);
const FOREIGN = `nginx@sha256:${'1'.repeat(64)}`;
const clock = { now: () => new Date('2026-01-01T00:00:00Z') };

/** Stands where no call may be made. */
const nobody: ImageRegistry = {
  resolve: () => Promise.reject(new Error('the registry was asked')),
  settings: () => Promise.reject(new Error('the registry was asked')),
};

async function setUp(): Promise<void> {
  const { client, table } = await freshStateTable();
  web = await freshRepository('MUTABLE');
  deps = {
    registry: createEcrRegistry({ clientFor: () => ecrClient(), settingsCache: new Map(), http, clock }),
    locks: createLockStore(client, table),
    clock,
  };
}

const image = (tag: string) => `${testRegistry()}/${web.repository}:${tag}`;

it('gives every tag its digest, wherever a pod template has it, and leaves all else as it is', async () => {
  await setUp();
  const single = await pushImage(web, '1.0', { variant: 'one', format: 'docker' }, signal);
  const index = await pushIndex(web, '2.0', { variant: 'two' }, signal);
  const pinned = `${image('9')}@sha256:${'0'.repeat(64)}`;
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'tools', namespace: 'shop' },
    spec: {
      initContainers: [{ name: 'init', image: image('1.0') }],
      containers: [{ name: 'app', image: image('2.0') }],
      volumes: [{ name: 'data', image: { reference: image('2.0') } }],
    },
  };
  const locked = await lockImages(rendered('a1', pod, deployment('web', FOREIGN, pinned)), 'lock', deps, signal);

  expect(locked.objects[0]).toMatchObject({
    spec: {
      initContainers: [{ image: `${image('1.0')}@${single}` }],
      containers: [{ image: `${image('2.0')}@${index}` }],
      volumes: [{ image: { reference: `${image('2.0')}@${index}` } }],
    },
  });
  expect(locked.objects[1]).toEqual(deployment('web', FOREIGN, pinned));
  const common = { resolvedAt: '2026-01-01T00:00:00.000Z', generation: 1, firstRevision: 'a1' };
  expect(locked.digests).toEqual([
    {
      ...common,
      reference: image('1.0'),
      digest: single,
      mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
      platforms: [],
    },
    {
      ...common,
      reference: image('2.0'),
      digest: index,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      platforms: [
        { os: 'linux', architecture: 'amd64' },
        { os: 'linux', architecture: 'arm64', variant: 'v8' },
      ],
    },
  ]);
  expect(locked.findings.map(({ id, reference }) => [id, reference])).toEqual([['reg.foreign', FOREIGN]]);
  expect(locked.blocked).toEqual({});
});

it('keeps the digest after the tag has moved, without asking the registry', async () => {
  await setUp();
  const first = await pushImage(web, '1.0', { variant: 'first' }, signal);
  await lockImages(rendered('a1', deployment('web', image('1.0'))), 'lock', deps, signal);
  const second = await pushImage(web, '1.0', { variant: 'second' }, signal);
  expect(second).not.toBe(first);

  const later = await lockImages(rendered('b2', deployment('api', image('1.0'))), 'lock', { ...deps, registry: nobody }, signal);
  expect(later.objects).toEqual([deployment('api', `${image('1.0')}@${first}`)]);
  expect(later.digests).toMatchObject([{ digest: first, firstRevision: 'a1' }]);
});

it('deploys after a revert the very objects of the commit that is reverted to, although the tag has moved', async () => {
  await setUp();
  await pushImage(web, '1.0', { variant: 'first' }, signal);
  const before = await lockImages(rendered('a1', deployment('web', image('1.0'))), 'lock', deps, signal);
  await pushImage(web, '1.1', { variant: 'broken' }, signal);
  await lockImages(rendered('b2', deployment('web', image('1.1'))), 'lock', deps, signal);
  await pushImage(web, '1.0', { variant: 'somebody else' }, signal);

  const reverted = await lockImages(rendered('c3', deployment('web', image('1.0'))), 'lock', { ...deps, registry: nobody }, signal);
  expect(reverted.objects).toEqual(before.objects);
  expect(reverted.digests).toEqual(before.digests);
});

it('locks each source repository for itself', async () => {
  await setUp();
  await pushImage(web, '1.0', { variant: 'first' }, signal);
  await lockImages(rendered('a1', deployment('web', image('1.0'))), 'lock', deps, signal);
  const second = await pushImage(web, '1.0', { variant: 'second' }, signal);
  const other = { ...rendered('d4', deployment('web', image('1.0'))), repository: 'https://git.example/other.git' };
  expect((await lockImages(other, 'lock', deps, signal)).objects).toEqual([deployment('web', `${image('1.0')}@${second}`)]);
});

it('deploys the digest of the run that locked the reference first', async () => {
  await setUp();
  const first = await pushImage(web, '1.0', { variant: 'first' }, signal);
  await lockImages(rendered('a1', deployment('web', image('1.0'))), 'lock', deps, signal);
  await pushImage(web, '1.0', { variant: 'second' }, signal);
  const readTooEarly = { ...deps.locks, readTree: () => Promise.resolve({ locks: [], relocks: 0 }) };
  const late = await lockImages(rendered('a1', deployment('web', image('1.0'))), 'lock', { ...deps, locks: readTooEarly }, signal);
  expect(late.objects).toEqual([deployment('web', `${image('1.0')}@${first}`)]);
});

it('locks a reference without a tag to what latest names, and says so', async () => {
  await setUp();
  const latest = await pushImage(web, 'latest', { variant: 'latest' }, signal);
  const untagged = `${testRegistry()}/${web.repository}`;
  const locked = await lockImages(rendered('a1', deployment('web', untagged)), 'lock', deps, signal);
  expect(locked.objects).toEqual([deployment('web', `${untagged}@${latest}`)]);
  expect(locked.findings).toMatchObject([{ id: 'ref.latest', severity: 'high', reference: untagged }]);
});

it('blocks the workload whose tag does not exist, and no other', async () => {
  await setUp();
  const digest = await pushImage(web, '1.0', { variant: 'one' }, signal);
  const gone = `${testRegistry()}/team/nowhere:1`;
  const objects = [deployment('good', image('1.0')), deployment('bad', image('1.0'), image('7.7')), deployment('worse', gone)];
  const locked = await lockImages(rendered('a1', ...objects), 'lock', deps, signal);
  expect(locked.objects[0]).toEqual(deployment('good', `${image('1.0')}@${digest}`));
  expect(locked.blocked).toEqual({
    'apps/Deployment/shop/bad': { reason: 'TagUnresolvable', message: expect.stringContaining(image('7.7')) },
    'apps/Deployment/shop/worse': { reason: 'TagUnresolvable', message: expect.stringContaining('RepositoryNotFoundException') },
  });
  expect(locked.findings).toMatchObject([
    { id: 'tag.unresolvable', severity: 'critical', reference: gone, objects: [{ name: 'worse' }] },
    { id: 'tag.unresolvable', severity: 'critical', reference: image('7.7'), objects: [{ name: 'bad' }] },
  ]);
});

it('locks the tag in a later run, once it has been pushed', async () => {
  await setUp();
  const commit = rendered('a1', deployment('web', image('1.0')));
  expect(Object.keys((await lockImages(commit, 'lock', deps, signal)).blocked)).toEqual(['apps/Deployment/shop/web']);
  const digest = await pushImage(web, '1.0', { variant: 'one' }, signal);
  const locked = await lockImages(commit, 'lock', deps, signal);
  expect(locked.objects).toEqual([deployment('web', `${image('1.0')}@${digest}`)]);
  expect(locked.blocked).toEqual({});
});

it('blocks a workload whose registry cannot be asked, instead of deploying its tag', async () => {
  await setUp();
  await pushImage(web, '1.0', { variant: 'one' }, signal);
  await lockImages(rendered('a1', deployment('known', image('1.0'))), 'lock', deps, signal);
  const down = ecrClient('http://127.0.0.1:9');
  const registry = createEcrRegistry({ clientFor: () => down, settingsCache: new Map(), http, clock });
  const objects = [deployment('known', image('1.0')), deployment('new', image('2.0'))];
  const locked = await lockImages(rendered('b2', ...objects), 'lock', { ...deps, registry }, signal);
  expect(locked.blocked).toEqual({
    'apps/Deployment/shop/new': { reason: 'ImageUnverifiable', message: expect.stringContaining(image('2.0')) },
  });
  expect(locked.findings).toMatchObject([{ id: 'run.unverifiable', reference: image('2.0') }]);
  expect(locked.digests.map(({ reference }) => reference)).toEqual([image('1.0')]);
});

it('blocks a workload whose reference is not valid, and keeps credentials out of the reason', async () => {
  await setUp();
  const objects = [deployment('bad', 'robot:hunter2@registry.example/web:1', 'UPPER:1'), deployment('good', FOREIGN)];
  const locked = await lockImages(rendered('a1', ...objects), 'lock', { ...deps, registry: nobody }, signal);
  expect(Object.entries(locked.blocked)).toMatchObject([['apps/Deployment/shop/bad', { reason: 'InvalidImageReference' }]]);
  expect(locked.blocked['apps/Deployment/shop/bad']?.message).toMatch(/\*\*\*@registry\.example.*UPPER/);
  expect(JSON.stringify([locked.blocked, locked.findings])).not.toContain('hunter2');
});

describe('after a relock', () => {
  const at = (revision: string, ...images: readonly string[]) =>
    lockImages(rendered(revision, deployment('web', ...images)), 'lock', { ...deps, registry: nobody }, signal);
  const relock = (reference: string) =>
    relockImage({ repository: 'https://git.example/shop.git', reference, reason: 'rebuilt' }, deps, signal);
  const digestsOf = ({ digests }: LockedSource) => digests.map(({ digest }) => digest);
  let first: string;
  let second: string;

  async function relocked(): Promise<void> {
    await setUp();
    first = await pushImage(web, '1.0', { variant: 'first' }, signal);
    await lockImages(rendered('a1', deployment('web', image('1.0'))), 'lock', deps, signal);
    second = await pushImage(web, '1.0', { variant: 'second' }, signal);
    const { before, after } = await relock(image('1.0'));
    expect([before.digest, after.digest]).toEqual([first, second]);
    expect(after).toMatchObject({ generation: 2, reason: 'rebuilt' });
  }

  it('the same commit keeps its bytes, and the next one has the new ones although it changes nothing here', async () => {
    await relocked();
    expect(digestsOf(await at('a1', image('1.0')))).toEqual([first]);
    expect(digestsOf(await at('b2', image('1.0')))).toEqual([second]);
    expect(digestsOf(await at('b2', image('1.0')))).toEqual([second]);
  });

  it('a commit that reverts to the tree before it has the bytes that ran then', async () => {
    await relocked();
    expect(digestsOf(await at('b2', image('1.0'), FOREIGN))).toEqual([second]);
    const reverted = await at('c3', image('1.0'));
    expect(digestsOf(reverted)).toEqual([first]);
    expect(reverted.objects).toEqual([deployment('web', `${image('1.0')}@${first}`)]);
    expect(digestsOf(await at('d4', image('1.0'), FOREIGN))).toEqual([second]);
  });

  it('nothing changes when the tag still names what is locked, or is not there, or was never locked', async () => {
    await relocked();
    const { before, after } = await relock(image('1.0'));
    expect(after).toEqual(before);
    await expect(relock(image('7.7'))).rejects.toMatchObject({ reason: 'NotLocked' });
    await ecrClient().send(new BatchDeleteImageCommand({ repositoryName: web.repository, imageIds: [{ imageTag: '1.0' }] }));
    await expect(relock(image('1.0'))).rejects.toMatchObject({ reason: 'TagUnresolvable', message: expect.stringContaining(second) });
  });
});

describe('the policy', () => {
  it('report deploys what Git wrote, and says that nothing pins it', async () => {
    await setUp();
    const locked = await lockImages(rendered('a1', deployment('web', image('1.0'))), 'report', { ...deps, registry: nobody }, signal);
    expect(locked).toMatchObject({ objects: [deployment('web', image('1.0'))], digests: [], blocked: {} });
    expect(locked.findings.map(({ id }) => id)).toEqual(['ref.unpinned']);
  });

  it('require-digest blocks what Git does not pin, and locks what an exception names until its day has passed', async () => {
    await setUp();
    const digest = await pushImage(web, '1.0', { variant: 'one' }, signal);
    const objects = [deployment('tagged', image('1.0')), deployment('pinned', FOREIGN)];
    const exception = (until: string) => ({
      ...rendered('a1', ...objects),
      settings: { images: { exceptions: [{ image: image('*'), reason: 'moves in May', until }] } },
    });
    for (const source of [rendered('a1', ...objects), exception('2025-12-31')]) {
      const locked = await lockImages(source, 'require-digest', { ...deps, registry: nobody }, signal);
      expect(locked.blocked).toMatchObject({ 'apps/Deployment/shop/tagged': { reason: 'DigestRequired' } });
      expect(Object.keys(locked.blocked)).toHaveLength(1);
      expect(locked.findings.map(({ id }) => id)).toContain('ref.unpinned');
    }
    const excepted = await lockImages(exception('2026-01-01'), 'require-digest', deps, signal);
    expect(excepted.blocked).toEqual({});
    expect(excepted.objects[0]).toEqual(deployment('tagged', `${image('1.0')}@${digest}`));
  });
});
