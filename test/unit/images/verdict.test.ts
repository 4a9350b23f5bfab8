import { describe, expect, it } from 'vitest';
import {
  digestOfImageId,
  type ImageGraph,
  judgeRunning,
  type KnownImage,
  offersPlatform,
  runningConfig,
  type Verdict,
} from '../../../lib/images/pods/verdict.ts';
import type { Platform } from '../../../lib/images/types.ts';

const AMD64: Platform = { os: 'linux', architecture: 'amd64' };
const ARM64: Platform = { os: 'linux', architecture: 'arm64' };
const digest = (name: string) => `sha256:${Buffer.from(name).toString('hex').padEnd(64, '0')}`;
const [INDEX, A, B, CA, CB] = ['index', 'amd', 'arm', 'config amd', 'config arm'].map(digest) as [string, string, string, string, string];
const [COPY, COPY_A] = [digest('copy'), digest('copy amd')];
const [OTHER, OTHER_CONFIG, UNKNOWN, SINGLE, SINGLE_CONFIG, HALF, HALF_CHILD] = [
  'other',
  'c other',
  'unknown',
  'single',
  'c single',
  'half',
  'half child',
].map(digest) as [string, string, string, string, string, string, string];

const single = (name: string, config: string, platform: Platform): KnownImage => ({
  digest: name,
  mediaType: 'image',
  platforms: [],
  children: [],
  config,
  platform,
});
const index = (name: string, children: readonly (readonly [string, Platform])[]): KnownImage => ({
  digest: name,
  mediaType: 'index',
  platforms: children.map(([, platform]) => platform),
  children: children.map(([child, platform]) => ({ digest: child, platform })),
});
const graph: ImageGraph = new Map(
  [
    index(INDEX, [
      [A, AMD64],
      [B, { ...ARM64, variant: 'v8' }],
    ]),
    single(A, CA, AMD64),
    single(B, CB, ARM64),
    index(COPY, [[COPY_A, AMD64]]),
    single(COPY_A, CA, AMD64),
    single(OTHER, OTHER_CONFIG, AMD64),
    single(SINGLE, SINGLE_CONFIG, AMD64),
    index(HALF, [[HALF_CHILD, AMD64]]),
  ].map((image) => [image.digest, image]),
);

describe('judgeRunning', () => {
  it.each<[string, string, string, Platform | undefined, Verdict, string?]>([
    ['the index itself', INDEX, `r/web@${INDEX}`, AMD64, 'match'],
    ['the index under another repository', INDEX, `mirror.example/web@${INDEX}`, AMD64, 'match'],
    ['the index as Docker says it', INDEX, `docker-pullable://r/web@${INDEX}`, AMD64, 'match'],
    ['the child of the platform', INDEX, `r/web@${A}`, AMD64, 'match'],
    ['the child of the platform, whose variant the node does not say', INDEX, `r/web@${B}`, ARM64, 'match'],
    ['the config alone', INDEX, CA, AMD64, 'match'],
    ['the config as Docker says it', INDEX, `docker://${CA}`, AMD64, 'match'],
    ['the child of another platform', INDEX, `r/web@${B}`, AMD64, 'wrong-platform'],
    ['the config of another platform', INDEX, CA, ARM64, 'wrong-platform'],
    ['an index that has no such platform', INDEX, `r/web@${INDEX}`, { os: 'windows', architecture: 'amd64' }, 'wrong-platform'],
    ['a child, on a node that is gone', INDEX, `r/web@${B}`, undefined, 'match'],
    ['another index of the same config', INDEX, `r/copy@${COPY}`, AMD64, 'alias'],
    ['another manifest of the same config', INDEX, `r/copy@${COPY_A}`, AMD64, 'alias'],
    ['another image', INDEX, `r/web@${OTHER}`, AMD64, 'mismatch'],
    ['the config of another image', INDEX, OTHER_CONFIG, AMD64, 'mismatch'],
    ['a config that nobody knows', INDEX, UNKNOWN, AMD64, 'mismatch'],
    ['a manifest that nobody knows', INDEX, `r/web@${UNKNOWN}`, AMD64, 'unverifiable'],
    ['a manifest that nobody knows, with our config beside it', INDEX, `r/web@${UNKNOWN}`, AMD64, 'match', CA],
    ['a manifest that nobody knows, with another config beside it', INDEX, `r/web@${UNKNOWN}`, AMD64, 'mismatch', OTHER_CONFIG],
    ['a manifest that nobody knows, with a tag beside it', INDEX, `r/web@${UNKNOWN}`, AMD64, 'unverifiable', 'r/web:1.0'],
    ['no digest at all', INDEX, 'r/web:1.0', AMD64, 'unverifiable'],
    ['an empty image id', INDEX, '', AMD64, 'unverifiable'],
    ['a single manifest', SINGLE, `r/web@${SINGLE}`, AMD64, 'match'],
    ['the config of a single manifest', SINGLE, SINGLE_CONFIG, AMD64, 'match'],
    ['a single manifest of another platform', SINGLE, `r/web@${SINGLE}`, ARM64, 'wrong-platform'],
    ['another image than a single manifest', SINGLE, `r/web@${OTHER}`, AMD64, 'mismatch'],
    ['the desired digest, of which nothing is known', UNKNOWN, `r/web@${UNKNOWN}`, AMD64, 'match'],
    ['a known image where nothing is known of the desired one', UNKNOWN, `r/web@${OTHER}`, AMD64, 'unverifiable'],
    ['the child of an index, of which nothing more is known', HALF, `r/web@${HALF_CHILD}`, AMD64, 'match'],
    ['another image, where the config of ours is not known', HALF, `r/web@${OTHER}`, AMD64, 'unverifiable'],
  ])('%s', (_what, desired, imageId, platform, verdict, statusImage) => {
    const running = {
      desired,
      imageId,
      ...(platform === undefined ? {} : { platform }),
      ...(statusImage === undefined ? {} : { statusImage }),
    };
    expect(judgeRunning(running, graph)).toBe(verdict);
  });
});

it.each([
  [`r/web@${A}`, A],
  [`docker-pullable://r/web@${A}`, A],
  [`docker://${A}`, A],
  [A, A],
  ['r/web:1.0', undefined],
  [`r/web@${A}0`, undefined],
  [`r/web@sha256:${'g'.repeat(64)}`, undefined],
  ['', undefined],
])('reads the digest of %s', (imageId, expected) => {
  expect(digestOfImageId(imageId)).toBe(expected);
});

it.each<[string, string, Platform, string | undefined, string?]>([
  ['an index', `r/web@${INDEX}`, AMD64, CA],
  ['an index at another platform', `r/web@${INDEX}`, ARM64, CB],
  ['another manifest of the same config', `r/copy@${COPY_A}`, AMD64, CA],
  ['a bare config', UNKNOWN, AMD64, UNKNOWN],
  ['an unknown manifest', `r/web@${UNKNOWN}`, AMD64, undefined],
  ['an unknown manifest with a config beside it', `r/web@${UNKNOWN}`, AMD64, CA, CA],
])('the config that runs of %s', (_what, imageId, platform, expected, statusImage) => {
  expect(runningConfig({ imageId, platform, ...(statusImage === undefined ? {} : { statusImage }) }, graph)).toBe(expected);
});

it.each<[string, Platform, boolean | undefined]>([
  [INDEX, AMD64, true],
  [INDEX, { os: 'linux', architecture: 's390x' }, false],
  [SINGLE, AMD64, true],
  [SINGLE, ARM64, false],
  [UNKNOWN, AMD64, undefined],
])('says whether %s has an image for %o', (name, platform, expected) => {
  expect(offersPlatform(name, platform, graph)).toBe(expected);
});
