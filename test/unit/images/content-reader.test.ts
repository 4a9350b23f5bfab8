import { describe, expect, it } from 'vitest';
import { createContentReader } from '../../../lib/images/registry/content-reader.ts';
import {
  type ConfigAnswer,
  digestKey,
  type ImageContents,
  type ImageDigest,
  type ManifestAnswer,
} from '../../../lib/images/registry/registry.ts';
import type { Platform } from '../../../lib/images/types.ts';
import type { ImageContentStore, StoredImage } from '../../../lib/storage/stores.ts';

const never = new AbortController().signal;
const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
const IMAGE: ImageDigest = { registry: 'registry.example', repository: 'web', digest: digest('a') };
const ARM: Platform = { os: 'linux', architecture: 'arm64' };
const single: StoredImage = { digest: digest('a'), mediaType: 'x', platforms: [], children: [], config: digest('c') };
const indexOf = (...platforms: readonly (Platform | undefined)[]): StoredImage => ({
  digest: digest('a'),
  mediaType: 'x',
  platforms: [],
  children: platforms.map((platform, number) => ({ digest: digest(String(number)), ...(platform === undefined ? {} : { platform }) })),
});
const denied = { state: 'unverifiable', failure: { reason: 'AccessDeniedException', message: 'denied' } } as const;
const configOf = (platform: Platform): ConfigAnswer => ({ state: 'found', config: { platform, mutableSteps: [] } });
const found = (manifest: StoredImage): ManifestAnswer => ({ state: 'found', manifest });

function world(manifest: ManifestAnswer, config: ConfigAnswer = denied, stored: readonly StoredImage[] = []) {
  const asked: string[] = [];
  const kept = new Map(stored.map((image) => [image.digest, image]));
  const contents: ImageContents = {
    manifests: async (images) => {
      asked.push('manifest');
      return new Map(images.map((image) => [digestKey(image), manifest]));
    },
    config: async () => {
      asked.push('config');
      return config;
    },
  };
  const store: ImageContentStore = {
    get: async (digests) => {
      asked.push('store');
      return new Map(digests.flatMap((one) => (kept.has(one) ? [[one, kept.get(one) ?? single] as const] : [])));
    },
    put: async (images) => {
      for (const image of images) kept.set(image.digest, image);
    },
  };
  let now = Date.parse('2026-01-01T00:00:00Z');
  const open = () => createContentReader({ contents, store, clock: { now: () => new Date(now) } });
  const reader = open();
  const read = async (by = reader) => (await by.platforms([IMAGE, IMAGE], never)).get(digestKey(IMAGE));
  return { read, open, asked, kept, pass: (minutes: number) => (now += minutes * 60_000) };
}

describe('the platforms of a digest', () => {
  it.each<[string, ManifestAnswer, ConfigAnswer, object | undefined]>([
    ['are those of an index', found(indexOf(ARM)), denied, { isIndex: true, platforms: [ARM] }],
    ['are not known of an index that does not say them all', found(indexOf(ARM, undefined)), denied, undefined],
    ['are not known of an index with a nameless one', found(indexOf({ os: '', architecture: '' })), denied, undefined],
    ['are that of the config of a single manifest', found(single), configOf(ARM), { isIndex: false, platforms: [ARM] }],
    ['are not known of a config without one', found(single), configOf({ os: '', architecture: '' }), undefined],
    ['are not known of a config that may not be read', found(single), denied, undefined],
    ['are not known of a manifest that may not be read', denied, denied, undefined],
    ['are not known of one that is gone', { ...denied, state: 'missing' }, denied, undefined],
  ])('%s', async (_what, manifest, config, expected) => {
    expect(await world(manifest, config).read()).toEqual(expected);
  });

  it('are read once, by whichever process, since a digest names its bytes', async () => {
    const { read, open, asked, kept } = world(found(single), configOf(ARM));
    await read();
    expect(asked).toEqual(['store', 'manifest', 'config']);
    await read();
    expect(asked).toHaveLength(3);
    expect(await read(open())).toMatchObject({ platforms: [ARM] });
    expect(asked.slice(3)).toEqual(['store']);
    expect(kept.get(digest('a'))).toMatchObject({ platform: ARM, build: { mutableSteps: [] } });
  });

  it('are asked for again after ten minutes where they could not be read', async () => {
    const { read, asked, pass } = world(denied);
    await read();
    pass(9);
    await read();
    expect(asked).toEqual(['store', 'manifest']);
    pass(1);
    await read();
    expect(asked).toHaveLength(4);
  });
});

describe('how an image was built', () => {
  const built = (revision: string): ConfigAnswer => ({ state: 'found', config: { platform: ARM, revision, mutableSteps: [] } });
  const buildOf = async (manifest: ManifestAnswer, config: ConfigAnswer) => {
    const { open } = world(manifest, config);
    return (await open().builds([IMAGE], never)).get(digestKey(IMAGE));
  };

  it('is in the config of a single manifest', async () => {
    expect(await buildOf(found(single), built('c0ffee'))).toEqual({ revision: 'c0ffee', mutableSteps: [] });
  });

  it('is that of the first image of an index', async () => {
    const child = { ...single, digest: digest('0') };
    const contents: ImageContents = {
      manifests: async (images) =>
        new Map(images.map((one) => [digestKey(one), found(one.digest === digest('0') ? child : indexOf(ARM, ARM))])),
      config: async () => built('c0ffee'),
    };
    const store: ImageContentStore = { get: async () => new Map(), put: async () => undefined };
    const reader = createContentReader({ contents, store, clock: { now: () => new Date('2026-01-01T00:00:00Z') } });
    expect((await reader.builds([IMAGE], never)).get(digestKey(IMAGE))).toMatchObject({ revision: 'c0ffee' });
  });

  it('is not known where its config, or its manifest, may not be read', async () => {
    expect(await buildOf(found(single), denied)).toBeUndefined();
    expect(await buildOf(denied, built('c0ffee'))).toBeUndefined();
  });
});
