import { describe, expect, it } from 'vitest';
import type { TagMutability } from '../../../lib/images/ecr/mutability.ts';
import type { FindingId, FindingPolicy } from '../../../lib/images/finding-table.ts';
import { gateImages } from '../../../lib/images/gate/gate.ts';
import { lockImages } from '../../../lib/images/locks/lock.ts';
import type { ContentReader, ImageBuild } from '../../../lib/images/registry/content-reader.ts';
import type { DetailReader, ImageDetails } from '../../../lib/images/registry/image-details.ts';
import {
  digestKey,
  type ImageRegistry,
  type RepositorySettings,
  type Resolution,
  repositoryKey,
} from '../../../lib/images/registry/registry.ts';
import type { LockedSource } from '../../../lib/source/artifact.ts';
import { memoryLockStore } from '../../helpers/memory-stores.ts';
import { deployment, rendered } from '../../helpers/workloads.ts';

const never = new AbortController().signal;
const clock = { now: () => new Date('2026-01-01T00:00:00Z') };
const DIGEST = `sha256:${'a'.repeat(64)}`;
const OTHER = `sha256:${'b'.repeat(64)}`;
const WEB = '123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1';
const KEY = 'apps/Deployment/shop/web';
const MUTABLE: RepositorySettings = { state: 'found', settings: { mutability: 'MUTABLE', exclusions: [] } };
const denied = { state: 'unverifiable', failure: { reason: 'AccessDeniedException', message: 'denied' } } as const;
const found: Resolution = { state: 'found', digest: DIGEST, mediaType: 'x', platforms: [] };

/** What stops rollouts by itself has tests of its own. */
const NOTHING_BY_ITSELF: FindingPolicy = {
  'digest.missing': 'report',
  'digest.archived': 'report',
  'digest.not-replicated': 'report',
  'ref.no-platform': 'report',
  'ref.platform-pin': 'report',
};

interface Answers {
  readonly settings?: RepositorySettings;
  readonly tag?: Resolution;
  readonly details?: Partial<ImageDetails> | typeof denied;
  readonly build?: ImageBuild;
}

/** What is blocked of one Deployment, and how often a registry was asked once the image was locked. */
async function gate(
  image: string,
  policy: FindingPolicy,
  { settings = MUTABLE, tag = found, details = {}, build }: Answers = {},
  source?: LockedSource,
) {
  const asked: string[] = [];
  const registry: ImageRegistry = {
    resolve: async (references) => {
      asked.push('resolve');
      return new Map(references.map(({ text }) => [text, tag]));
    },
    settings: async (references) => {
      asked.push('settings');
      return new Map(references.map((reference) => [repositoryKey(reference), settings]));
    },
  };
  const reader: DetailReader = {
    details: async (images) => {
      if (images.length > 0) asked.push('details');
      const answer = 'state' in details ? denied : ({ state: 'found', details: { status: 'ACTIVE', ...details } } as const);
      return new Map(images.flatMap((one) => (one.registry.includes('ecr') ? [[digestKey(one), answer] as const] : [])));
    },
    copies: async () => new Map(),
    forget: () => undefined,
  };
  const builds: ContentReader['builds'] = async (images) => {
    asked.push('builds');
    return new Map(images.flatMap((one) => (build === undefined ? [] : [[digestKey(one), build] as const])));
  };
  const commit = { ...rendered('a1', deployment('web', image), deployment('other', `nginx@${OTHER}`)), settings: { images: { policy } } };
  const locked =
    source ??
    (await lockImages(
      commit,
      'lock',
      { registry: { resolve: async () => new Map([[image, found]]) }, locks: memoryLockStore(), clock },
      never,
    ));
  const deps = { registry, details: reader, contents: { platforms: async () => new Map(), builds }, clock };
  const { blocked, images } = await gateImages(
    { ...locked, settings: { images: { policy: { ...NOTHING_BY_ITSELF, ...policy } } } },
    [],
    deps,
    never,
  );
  return { blocked, asked, images };
}

describe('images.policy', () => {
  it('asks and blocks nothing where it blocks nothing', async () => {
    expect(await gate(WEB, { 'repo.mutable': 'report', 'sig.missing': 'ignore' })).toEqual({ blocked: {}, asked: [], images: undefined });
  });

  it.each<[string, FindingPolicy, Answers, readonly string[], string | undefined]>([
    ['a mutable repository', { 'repo.mutable': 'block' }, {}, ['settings'], 'ImagePolicy'],
    [
      'an immutable one',
      { 'repo.mutable': 'block' },
      { settings: { state: 'found', settings: { mutability: 'IMMUTABLE', exclusions: [] } } },
      ['settings'],
      undefined,
    ],
    ['settings that are not told', { 'repo.mutable': 'block' }, { settings: denied }, ['settings'], 'ImageUnverifiable'],
    ['details that are not told', { 'scan.critical': 'block' }, { details: denied }, ['details'], 'ImageUnverifiable'],
    ['an unsigned image', { 'sig.missing': 'block' }, { details: { signed: false } }, ['details'], 'ImagePolicy'],
    ['a signed image', { 'sig.missing': 'block' }, { details: { signed: true } }, ['details'], undefined],
    ['a signature that is not told', { 'sig.missing': 'block' }, {}, ['details'], 'ImageUnverifiable'],
    ['a scan that was not made', { 'scan.critical': 'block' }, { details: { scan: 'never' } }, ['details'], 'ImageUnverifiable'],
    [
      'a vulnerable image',
      { 'scan.critical': 'block' },
      { details: { scan: { completedAt: '2026-01-01T00:00:00Z', critical: 1 } } },
      ['details'],
      'ImagePolicy',
    ],
    [
      'an image that names its commit',
      { 'prov.no-commit': 'block' },
      { build: { revision: 'c0ffee', mutableSteps: [] } },
      ['builds'],
      undefined,
    ],
    ['one that names none', { 'prov.no-commit': 'block' }, { build: { mutableSteps: [] } }, ['builds'], 'ImagePolicy'],
    ['one whose config is not told', { 'prov.no-commit': 'block' }, {}, ['builds'], 'ImageUnverifiable'],
    ['a writable root', { 'fs.writable': 'block' }, {}, [], 'ImagePolicy'],
    ['what it does not look at', { 'scan.stale': 'report', 'ref.latest': 'block' }, {}, [], undefined],
  ])('with %s lets a workload through or says why not', async (_what, policy, answers, asked, reason) => {
    const result = await gate(WEB, policy, answers);
    expect(result.asked).toEqual(asked);
    expect(result.blocked[KEY]?.reason).toBe(reason);
    expect(Object.keys(result.blocked).filter((key) => key !== KEY)).toEqual(
      'fs.writable' in policy ||
        ('prov.no-commit' in policy && reason !== undefined) ||
        'sig.missing' in policy ||
        'scan.critical' in policy
        ? ['apps/Deployment/shop/other']
        : [],
    );
  });

  it.each<[string, FindingId, TagMutability, 'upstream' | 'template', string | undefined]>([
    ['pull-through rules that are not told', 'repo.pullthrough', 'MUTABLE', 'upstream', 'ImageUnverifiable'],
    ['rules from which nothing would follow', 'repo.pullthrough', 'IMMUTABLE', 'upstream', undefined],
    ['templates that nobody asked about', 'repo.pullthrough', 'MUTABLE', 'template', undefined],
    ['templates that are not told', 'repo.template-mutable', 'IMMUTABLE', 'template', 'ImageUnverifiable'],
    ['rules that nobody asked about', 'repo.template-mutable', 'IMMUTABLE', 'upstream', undefined],
  ])('with %s lets a workload through or says why not', async (_what, id, mutability, unknown, reason) => {
    const settings: RepositorySettings = { state: 'found', settings: { mutability, exclusions: [] }, origin: { unknown: [unknown] } };
    expect((await gate(WEB, { [id]: 'block' }, { settings })).blocked[KEY]?.reason).toBe(reason);
  });

  it('takes a tag of a registry that is not ECR for one that can be overwritten', async () => {
    const { blocked } = await gate('registry.example/web:1', { 'repo.mutable': 'block' });
    expect(blocked[KEY]).toMatchObject({ reason: 'ImagePolicy', message: expect.stringContaining('registry.example is not ECR') });
    expect((await gate(`registry.example/web:1@${DIGEST}`, { 'repo.mutable': 'block' })).blocked).toEqual({});
  });

  it('names what blocks and the setting that says so', async () => {
    const { blocked } = await gate('registry.example/web', { 'ref.latest': 'block', 'reg.foreign': 'block' });
    expect(blocked[KEY]?.message).toMatch(
      /has no tag, which means latest.* plumbline.yaml blocks ref.latest\. .*plumbline.yaml blocks reg.foreign\.$/,
    );
  });

  it('blocks a tag beside the digest of another', async () => {
    const pinned = `${WEB}@${DIGEST}`;
    const policy: FindingPolicy = { 'tag.tag-digest-disagree': 'block' };
    expect((await gate(pinned, policy)).blocked).toEqual({});
    expect((await gate(pinned, policy, { tag: { ...found, digest: OTHER } })).blocked[KEY]?.reason).toBe('ImagePolicy');
  });

  it('leaves the reason of what could not be locked', async () => {
    const failure = { reason: 'TagUnresolvable', message: 'gone' };
    const source: LockedSource = { ...rendered('a1', deployment('web', WEB)), digests: [], findings: [], blocked: { [KEY]: failure } };
    expect((await gate(WEB, { 'repo.mutable': 'block' }, {}, source)).blocked[KEY]).toEqual(failure);
  });
});
