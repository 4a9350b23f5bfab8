import { describe, expect, it } from 'vitest';
import type { FindingPolicy } from '../../../lib/images/finding-table.ts';
import { readRolloutImages } from '../../../lib/images/gate/rollout-images.ts';
import { imageUsesOf } from '../../../lib/images/image-uses.ts';
import type { ContentReader } from '../../../lib/images/registry/content-reader.ts';
import type { DetailReader, DetailsAnswer } from '../../../lib/images/registry/image-details.ts';
import { digestKey, type NoAnswer } from '../../../lib/images/registry/registry.ts';
import type { ImageLock, Platform } from '../../../lib/images/types.ts';
import { deployment } from '../../helpers/workloads.ts';

const never = new AbortController().signal;
const DIGEST = `sha256:${'a'.repeat(64)}`;
const TAG = '123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1';
const PINNED = `${TAG}@${DIGEST}`;
const AMD64: Platform = { os: 'linux', architecture: 'amd64' };
const gone: NoAnswer = { state: 'missing', failure: { reason: 'ImageNotFound', message: 'gone' } };
const denied: NoAnswer = { state: 'unverifiable', failure: { reason: 'AccessDeniedException', message: 'denied' } };
const there: DetailsAnswer = { state: 'found', details: { status: 'ACTIVE' } };
const archived: DetailsAnswer = { state: 'found', details: { status: 'ARCHIVED' } };
const lockTo = (platforms: readonly Platform[]): ImageLock => ({
  reference: TAG,
  digest: DIGEST,
  mediaType: 'x',
  platforms,
  resolvedAt: '2026-01-01T00:00:00Z',
  generation: 1,
  firstRevision: 'a1',
});

interface World {
  readonly details?: DetailsAnswer;
  readonly copy?: 'there' | NoAnswer;
  readonly regions?: readonly string[];
  readonly policy?: FindingPolicy;
  readonly image?: string;
  readonly locks?: readonly ImageLock[];
}

/** What is known of one image, and what was asked of whom. */
async function know({ details = there, copy = 'there', regions = [], policy, image = PINNED, locks = [] }: World) {
  const asked: string[] = [];
  const reader: DetailReader = {
    details: async (images, more) => {
      asked.push('details', ...Object.entries(more).flatMap(([what, wanted]) => (wanted ? what : [])));
      return new Map(images.map((one) => [digestKey(one), details]));
    },
    copies: async (images, region) => {
      asked.push(`copies in ${region}`);
      return new Map(images.map((one) => [digestKey(one), copy]));
    },
    forget: () => undefined,
  };
  const contents: ContentReader = {
    builds: async () => new Map(),
    platforms: async (images) => {
      asked.push(...images.map(({ digest }) => `platforms of ${digest.slice(7, 9)}`));
      return new Map(images.map((one) => [digestKey(one), { isIndex: false, platforms: [AMD64] }]));
    },
  };
  const uses = imageUsesOf([deployment('web', image)], locks);
  const known = await readRolloutImages(uses, policy, regions, { details: reader, contents }, never);
  return {
    known,
    asked,
    stops: (known[PINNED]?.stops ?? []).map(({ reason, region }) => `${reason}${region === undefined ? '' : ` ${region}`}`),
  };
}

describe('what stops a rollout to an image', () => {
  it.each<[string, World, readonly string[]]>([
    ['one that is there', {}, []],
    ['one that is gone', { details: gone }, ['DigestMissing']],
    ['one that is archived', { details: archived }, ['DigestArchived']],
    ['one of which the registry says nothing', { details: denied }, []],
    ['one that has to be known to be there', { details: denied, policy: { 'digest.missing': 'block' } }, ['ImageUnverifiable']],
    ['one that has to be known not to be archived', { details: denied, policy: { 'digest.archived': 'block' } }, ['ImageUnverifiable']],
    ['a gone one that is only reported', { details: gone, policy: { 'digest.missing': 'report' } }, []],
    ['an archived one that is only reported', { details: archived, policy: { 'digest.archived': 'ignore' } }, []],
    ['one of the same region', { copy: gone, regions: ['eu-west-1'] }, []],
    ['one with a copy in the other region', { regions: ['us-east-1'] }, []],
    ['one without', { copy: gone, regions: ['eu-west-1', 'us-east-1'] }, ['DigestNotReplicated us-east-1']],
    ['one that may have a copy', { copy: denied, regions: ['us-east-1'] }, []],
    [
      'one that has to have a copy',
      { copy: denied, regions: ['us-east-1'], policy: { 'digest.not-replicated': 'block' } },
      ['ImageUnverifiable us-east-1'],
    ],
    ['one whose copy is only reported', { copy: gone, regions: ['us-east-1'], policy: { 'digest.not-replicated': 'report' } }, []],
    ['one that is nowhere', { details: gone, copy: gone, regions: ['us-east-1'] }, ['DigestMissing', 'DigestNotReplicated us-east-1']],
    ['a tag without a digest', { image: TAG, details: gone }, []],
    ['a tag that is locked', { image: PINNED, locks: [lockTo([AMD64])], details: gone }, ['DigestMissing']],
  ])('%s', async (_what, world, stops) => {
    expect((await know(world)).stops).toEqual(stops);
  });

  it('says what it is, why, and how Git can have it anyway', async () => {
    const { known } = await know({ details: gone });
    expect(known[PINNED]?.stops?.[0]?.message).toBe(
      `image ${PINNED}: ${DIGEST} is not in its registry any more (ImageNotFound), so no node can pull it. Push it again, or name another. Or have plumbline.yaml say images.policy digest.missing: report.`,
    );
  });
});

describe('registries', () => {
  it('are asked for where an image is alone, and a lock for what its index has', async () => {
    const { known, asked } = await know({ image: PINNED, locks: [lockTo([AMD64])], regions: ['eu-west-1'] });
    expect(asked).toEqual(['details']);
    expect(known).toEqual({ [PINNED]: { isIndex: true, platforms: [AMD64] } });
  });

  it('are asked for the platform of what Git pins, and of a single manifest that is locked', async () => {
    expect((await know({})).asked).toEqual(['details', 'platforms of aa']);
    expect((await know({ locks: [lockTo([])] })).known).toEqual({ [PINNED]: { isIndex: false, platforms: [AMD64] } });
  });

  it('are not asked for what nobody wants to stop a rollout', async () => {
    const policy: FindingPolicy = {
      'digest.missing': 'report',
      'digest.archived': 'report',
      'digest.not-replicated': 'report',
      'ref.no-platform': 'report',
      'ref.platform-pin': 'ignore',
    };
    expect(await know({ policy, details: gone, copy: gone, regions: ['us-east-1'] })).toMatchObject({ known: {}, asked: [] });
  });
});
