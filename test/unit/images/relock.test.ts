import { beforeEach, describe, expect, it } from 'vitest';
import { lockImages } from '../../../lib/images/locks/lock.ts';
import { relockImage } from '../../../lib/images/locks/relock.ts';
import type { Resolution } from '../../../lib/images/registry/registry.ts';
import type { KubernetesObject } from '../../../lib/manifests/object.ts';
import type { RenderedSource } from '../../../lib/source/artifact.ts';
import type { LockStore } from '../../../lib/storage/index.ts';
import { memoryLockStore } from '../../helpers/memory-stores.ts';
import { deployment, rendered } from '../../helpers/workloads.ts';

const clock = { now: () => new Date('2026-01-01T00:00:00Z') };
const { signal } = new AbortController();
const repository = 'https://git.example/shop.git';
const digest = (name: string) => `sha256:${Buffer.from(name).toString('hex').padEnd(64, '0')}`;
const [WEB, API, GONE] = ['r.example/web:1', 'r.example/api:1', 'r.example/gone:1'] as const;

/** What each tag names now. */
let tags: Map<string, string>;
let locks: LockStore;

beforeEach(() => {
  tags = new Map([
    [WEB, digest('web first')],
    [API, digest('api first')],
  ]);
  locks = memoryLockStore();
});

const registry = {
  resolve: async (references: readonly { readonly text: string }[]) =>
    new Map(
      references.map(({ text }): readonly [string, Resolution] => {
        const named = tags.get(text);
        return named === undefined
          ? [text, { state: 'missing', failure: { reason: 'ImageNotFound', message: 'it is not there' } }]
          : [text, { state: 'found', digest: named, mediaType: 'x', platforms: [] }];
      }),
    ),
};

/** The digest that each reference has in what a commit deploys. */
async function locked(source: RenderedSource): Promise<Readonly<Record<string, string>>> {
  const { digests } = await lockImages(source, 'lock', { registry, locks, clock }, signal);
  return Object.fromEntries(digests.map((lock) => [lock.reference, lock.digest]));
}

const commit = (revision: string, ...images: readonly string[]) => rendered(revision, deployment('web', ...images));

async function pushAndRelock(reference: string, name: string): Promise<void> {
  tags.set(reference, digest(name));
  await relockImage({ repository, reference, reason: 'rebuilt' }, { registry, locks, clock }, signal);
}

describe('an image that cannot be resolved', () => {
  it('does not let a relock of another one into the commit that waits for it', async () => {
    await locked(commit('a1', WEB, GONE));
    await pushAndRelock(WEB, 'web second');
    expect(await locked(commit('a1', WEB, GONE))).toEqual({ [WEB]: digest('web first') });
    tags.set(GONE, digest('pushed at last'));
    expect(await locked(commit('a1', WEB, GONE))).toEqual({ [WEB]: digest('web first'), [GONE]: digest('pushed at last') });
    expect(await locked(commit('b2', WEB, GONE))).toMatchObject({ [WEB]: digest('web second') });
  });

  it('in a commit that is reverted does not keep the revert from the bytes that ran before', async () => {
    await locked(commit('a1', WEB));
    await locked(commit('b2', WEB, GONE));
    await pushAndRelock(WEB, 'web second');
    expect(await locked(commit('c3', WEB))).toEqual({ [WEB]: digest('web first') });
  });
});

it('a revert of a commit that had no images left deploys the bytes that ran before', async () => {
  await locked(commit('a1', WEB));
  await locked(rendered('b2'));
  await pushAndRelock(WEB, 'web second');
  expect(await locked(commit('c3', WEB))).toEqual({ [WEB]: digest('web first') });
});

it('the digest of the run that locked a reference first is deployed by one that did not see it yet', async () => {
  await locked(commit('a1', WEB));
  tags.set(WEB, digest('web second'));
  const readTooEarly = { ...locks, readTree: async () => ({ locks: [], relocks: 0 }) };
  const { digests } = await lockImages(commit('b2', WEB), 'lock', { registry, locks: readTooEarly, clock }, signal);
  expect(digests.map((lock) => lock.digest)).toEqual([digest('web first')]);
});

describe('the same commit deploys the same bytes after a relock', () => {
  const at = (reference: string, source: RenderedSource) => ({ ...source, reference });

  it.each([
    ['on a row that is pinned to it, or in a plan of it', 'a1'],
    ['on another branch', 'production'],
  ])('%s', async (_where, reference) => {
    await locked(commit('a1', WEB));
    await pushAndRelock(WEB, 'web second');
    expect(await locked(commit('b2', WEB, API))).toMatchObject({ [WEB]: digest('web second') });
    expect(await locked(at(reference, commit('a1', WEB)))).toEqual({ [WEB]: digest('web first') });
  });

  it('also where a later commit, which changed nothing, deployed the new ones', async () => {
    await locked(commit('a1', WEB));
    await pushAndRelock(WEB, 'web second');
    expect(await locked(commit('b2', WEB))).toEqual({ [WEB]: digest('web second') });
    expect(await locked(at('a1', commit('a1', WEB)))).toEqual({ [WEB]: digest('web first') });
  });

  it('and a merge that renders to what another branch had deploys what that one did', async () => {
    await locked(at('staging', commit('a1', WEB)));
    await locked(at('production', commit('p1', API)));
    await pushAndRelock(WEB, 'web second');
    expect(await locked(at('production', commit('p2', WEB)))).toEqual({ [WEB]: digest('web first') });
  });
});

describe('a chart that renders to something else for each of two servers', () => {
  const configured = (value: string): KubernetesObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'settings', namespace: 'shop' },
    data: { value },
  });
  /** What two clusters deploy of one commit of a chart, in the order in which they are rendered. */
  async function onBoth(revision: string, inputs: string, older: string, newer: string, order: readonly ('older' | 'newer')[]) {
    const values = { older, newer };
    const deployed = { older: '', newer: '' };
    for (const server of order) {
      const source = { ...rendered(revision, configured(`${server} ${values[server]}`), deployment('web', WEB)), inputs };
      deployed[server] = (await locked(source))[WEB] ?? '';
    }
    return deployed;
  }

  describe.each([[['older', 'newer'] as const], [['newer', 'older'] as const]])('rendered for the %s', (order) => {
    const both = (name: string) => ({ older: digest(name), newer: digest(name) });

    it('takes a relock with the next commit, which changes nothing, on both clusters', async () => {
      expect(await onBoth('a1', '1', 'x', 'x', order)).toEqual(both('web first'));
      expect(await onBoth('b2', '1', 'x', 'x', order)).toEqual(both('web first'));
      await pushAndRelock(WEB, 'web second');
      expect(await onBoth('c3', '1', 'x', 'x', order)).toEqual(both('web second'));
    });

    it('has one digest on both clusters when a commit changes what one of them gets, and when that is reverted', async () => {
      await onBoth('a1', '1', 'x', 'x', order);
      await pushAndRelock(WEB, 'web second');
      expect(await onBoth('b2', '2', 'y', 'x', order)).toEqual(both('web second'));
      expect(await onBoth('c3', '1', 'x', 'x', order)).toEqual(both('web first'));
    });
  });

  it('deploys on a cluster that is rendered after a relock what the commit has elsewhere', async () => {
    await onBoth('a1', '1', 'x', 'x', ['older']);
    await pushAndRelock(WEB, 'web second');
    expect(await onBoth('a1', '1', 'x', 'x', ['newer'])).toMatchObject({ newer: digest('web first') });
  });
});
