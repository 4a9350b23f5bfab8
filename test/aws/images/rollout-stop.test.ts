import { BatchDeleteImageCommand } from '@aws-sdk/client-ecr';
import { expect, it } from 'vitest';
import { createEcrDetails } from '../../../lib/images/ecr/details.ts';
import { createEcrRegistry } from '../../../lib/images/ecr/ecr.ts';
import type { EcrHost } from '../../../lib/images/ecr/host.ts';
import { gateImages } from '../../../lib/images/gate/gate.ts';
import type { RolloutPlace } from '../../../lib/images/gate/rollout-place.ts';
import { rolloutStop } from '../../../lib/images/gate/rollout-stop.ts';
import { lockImages } from '../../../lib/images/locks/lock.ts';
import { createRegistryHttp, type RegistryHttp } from '../../../lib/images/oci/http.ts';
import { createContentReader } from '../../../lib/images/registry/content-reader.ts';
import { type PushTarget, pushImage, pushIndex } from '../../../lib/local/registry.ts';
import type { LockedSource, RenderedSource } from '../../../lib/source/artifact.ts';
import { createImageContentStore } from '../../../lib/storage/image-content-table.ts';
import { createLockStore } from '../../../lib/storage/lock-table.ts';
import { testEnvironment } from '../../helpers/environment.ts';
import { ecrClient, freshRepository, freshStateTable, testRegistry } from '../../helpers/registry.ts';
import { deployment, rendered } from '../../helpers/workloads.ts';

const signal = AbortSignal.timeout(120_000);
const AMD64 = { platforms: [{ os: 'linux', architecture: 'amd64' }] };

/** The emulator names a host for blobs that nothing here can reach; its own registry has them. */
const http: RegistryHttp = (request, within) => {
  const own = new URL(`${request.url.pathname}${request.url.search}`, testEnvironment().aws.AWS_ENDPOINT_URL);
  return createRegistryHttp()({ ...request, url: own, allowPrivate: true }, within);
};

/** What `source` does with the images of a commit, on the emulator's registry and tables. */
async function setUp() {
  let now = Date.parse('2026-01-01T00:00:00Z');
  const clock = { now: () => new Date(now) };
  const { client, table } = await freshStateTable();
  const calls: string[] = [];
  const clientFor = ({ region }: EcrHost) => {
    const ecr = ecrClient(undefined, region);
    ecr.middlewareStack.add((next, context) => (args) => {
      calls.push(context.commandName ?? '');
      return next(args);
    });
    return ecr;
  };
  const registry = createEcrRegistry({ clientFor, settingsCache: new Map(), http, clock });
  const details = createEcrDetails({ clientFor, contents: registry, clock });
  const contents = createContentReader({ contents: registry, store: createImageContentStore(client, table), clock });
  const locks = createLockStore(client, table);
  const web = await freshRepository('MUTABLE');
  return {
    web,
    calls,
    image: (tag: string) => `${testRegistry()}/${web.repository}:${tag}`,
    pass: (minutes: number) => {
      now += minutes * 60_000;
    },
    render: async (source: RenderedSource, regions: readonly string[] = []): Promise<LockedSource> => {
      const locked = await lockImages(source, 'lock', { registry, locks, clock }, signal);
      return await gateImages(locked, regions, { registry, details, contents, clock }, signal);
    },
  };
}

const deleteDigest = ({ repository }: PushTarget, imageDigest: string) =>
  ecrClient().send(new BatchDeleteImageCommand({ repositoryName: repository, imageIds: [{ imageDigest }] }));
const reasonsOf = (source: LockedSource, place: RolloutPlace = AMD64) =>
  source.objects.map((object) => rolloutStop(object, source, place)?.reason);

it('stops a rollout to a locked digest that was deleted, of that workload alone, until it is pushed again', async () => {
  const { web, image, render, pass, calls } = await setUp();
  const digest = await pushImage(web, '1', { variant: 'one' }, signal);
  await pushImage(web, '2', { variant: 'two' }, signal);
  const objects = [deployment('web', image('1')), deployment('other', image('2'))];
  expect(reasonsOf(await render(rendered('a1', ...objects)))).toEqual([undefined, undefined]);

  await deleteDigest(web, digest);
  calls.length = 0;
  expect(reasonsOf(await render(rendered('b2', ...objects)))).toEqual([undefined, undefined]);
  expect(calls).toEqual([]);
  pass(60);
  const stopped = await render(rendered('c3', ...objects));
  expect(reasonsOf(stopped)).toEqual(['DigestMissing', undefined]);
  expect(stopped.blocked).toEqual({});
  expect(stopped.objects).toEqual([deployment('web', `${image('1')}@${digest}`), expect.anything()]);
  expect(rolloutStop(deployment('web', `${image('1')}@${digest}`), stopped, AMD64)?.message).toContain(digest);

  await pushImage(web, '1', { variant: 'one' }, signal);
  pass(10);
  expect(reasonsOf(await render(rendered('d4', ...objects)))).toEqual([undefined, undefined]);
});

it('stops a rollout to an index or a single image that has nothing for the nodes, by what the manifests themselves say', async () => {
  const { web, image, render, calls } = await setUp();
  await pushIndex(web, 'both', { variant: 'both' }, signal);
  const arm = await pushImage(web, 'arm', { variant: 'arm', architecture: 'arm64' }, signal);
  const amd = await pushImage(web, 'amd', { variant: 'amd' }, signal);
  const objects = [
    deployment('index', image('both')),
    deployment('locked', image('arm')),
    deployment('pinned', `${image('arm')}@${arm}`),
    deployment('fitting', `${image('amd')}@${amd}`),
  ];
  const source = await render(rendered('a1', ...objects));
  expect(reasonsOf(source)).toEqual([undefined, 'PlatformPin', 'PlatformPin', undefined]);
  expect(reasonsOf(source, { platforms: [{ os: 'linux', architecture: 'ppc64le' }] })[0]).toBe('NoPlatform');
  expect(reasonsOf(source, { platforms: [] })).toEqual([undefined, undefined, undefined, undefined]);

  calls.length = 0;
  expect((await render(rendered('b2', ...objects))).images).toEqual(source.images);
  expect(calls).toEqual([]);
});

it('stops a rollout in a region that has no copy, and not in that of the image', async () => {
  const { web, image, render } = await setUp();
  await pushImage(web, '1', { variant: 'one' }, signal);
  const { region } = testEnvironment();
  const source = await render(rendered('a1', deployment('web', image('1'))), [region, 'eu-south-2']);
  expect(reasonsOf(source, { ...AMD64, region })).toEqual([undefined]);
  expect(reasonsOf(source, { ...AMD64, region: 'eu-south-2' })).toEqual(['DigestNotReplicated']);
});
