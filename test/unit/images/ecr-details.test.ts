import { describe, expect, it } from 'vitest';
import { createEcrDetails } from '../../../lib/images/ecr/details.ts';
import type { ImageDetails } from '../../../lib/images/registry/image-details.ts';
import type { ReadManifest } from '../../../lib/images/registry/manifest.ts';
import { digestKey, type ImageDigest } from '../../../lib/images/registry/registry.ts';
import { type EcrAnswer, type EcrCall, ecrClientThatAnswers } from '../../helpers/ecr-answers.ts';

/** The emulator knows none of this, so these are answers in the shape of the SDK. */
const HOST = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const never = new AbortController().signal;
const nothingMore = { lifecycles: true, scans: false, signatures: false };
const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
const image = (digit: string, repository = 'web', registry = HOST): ImageDigest => ({ registry, repository, digest: digest(digit) });
const noPolicy: EcrAnswer = { error: 'LifecyclePolicyNotFoundException', status: 400 };

function readerThatAnswers(answers: Readonly<Record<string, (call: EcrCall) => EcrAnswer>>, children: readonly string[] = []) {
  const { client, calls } = ecrClientThatAnswers((call) => {
    const answer = answers[call.operation] ?? (call.operation === 'StartLifecyclePolicyPreview' ? () => noPolicy : undefined);
    if (answer === undefined) throw new Error(`${call.operation} was not to be called`);
    return answer(call);
  });
  let now = Date.parse('2026-01-01T00:00:00Z');
  const asked: ImageDigest[] = [];
  const manifest = (one: string): ReadManifest => ({
    digest: one,
    mediaType: 'x',
    platforms: [],
    children: children.map((child) => ({ digest: child })),
  });
  const reader = createEcrDetails({
    clientFor: () => client,
    contents: {
      manifests: async (images) => {
        asked.push(...images);
        return new Map(
          images.map((one) => [
            digestKey(one),
            one.registry.includes('us-east-1')
              ? { state: 'missing', failure: { reason: 'ImageNotFound', message: 'gone' } }
              : { state: 'found', manifest: manifest(one.digest) },
          ]),
        );
      },
    },
    clock: { now: () => new Date(now) },
  });
  const count = (operation: string) => calls.filter((call) => call.operation === operation).length;
  const of = async (one: ImageDigest, more = nothingMore): Promise<ImageDetails | string> => {
    const answer = (await reader.details([one], more, never)).get(digestKey(one));
    return answer?.state === 'found' ? answer.details : (answer?.state ?? 'left out');
  };
  return {
    reader,
    calls,
    asked,
    count,
    of,
    pass: (minutes: number) => {
      now += minutes * 60_000;
    },
  };
}

const digestsOf = ({ input }: EcrCall) =>
  Array.isArray(input.imageIds) ? input.imageIds.map(({ imageDigest }) => String(imageDigest)) : [];
const described =
  (more: Readonly<Record<string, object>> = {}) =>
  (call: EcrCall): EcrAnswer => ({
    body: { imageDetails: digestsOf(call).map((one) => ({ imageDigest: one, imageStatus: 'ACTIVE', ...more[one] })) },
  });

describe('the status of an image', () => {
  it.each(['ACTIVE', 'ARCHIVED', 'ACTIVATING'])('is %s, where archived ones are asked for too', async (imageStatus) => {
    const { of, calls } = readerThatAnswers({ DescribeImages: described({ [digest('a')]: { imageStatus } }) });
    expect(await of(image('a'))).toMatchObject({ status: imageStatus });
    expect(calls[0]?.input).toMatchObject({ registryId: '123456789012', repositoryName: 'web', filter: { imageStatus: 'ANY' } });
  });

  it('is asked for in batches of 100, and again only after an hour', async () => {
    const { reader, count, pass } = readerThatAnswers({ DescribeImages: described() });
    const images = Array.from({ length: 120 }, (_, index) => ({ ...image('a'), digest: `sha256:${String(index).padStart(64, '0')}` }));
    expect((await reader.details([...images, ...images], nothingMore, never)).size).toBe(120);
    expect(count('DescribeImages')).toBe(2);
    pass(59);
    await reader.details(images, nothingMore, never);
    expect(count('DescribeImages')).toBe(2);
    pass(1);
    await reader.details(images, nothingMore, never);
    expect(count('DescribeImages')).toBe(4);
  });

  it('of one that is gone takes no other with it', async () => {
    const answer = (call: EcrCall) =>
      digestsOf(call).includes(digest('b')) ? { error: 'ImageNotFoundException', status: 400 } : described()(call);
    const { reader } = readerThatAnswers({ DescribeImages: answer });
    const found = await reader.details(
      ['a', 'b', 'c', 'd'].map((digit) => image(digit)),
      nothingMore,
      never,
    );
    expect([...found.values()].map(({ state }) => state)).toEqual(['found', 'missing', 'found', 'found']);
  });

  it('of one that is not mentioned is what the registry says when it is asked for the manifest', async () => {
    const { of } = readerThatAnswers({ DescribeImages: () => ({ body: { imageDetails: [] } }) });
    expect(await of(image('a'))).toBe('unverifiable');
    expect(await of(image('a', 'web', HOST.replace('eu-west-1', 'us-east-1')))).toBe('missing');
  });

  it.each([
    ['RepositoryNotFoundException', 'missing'],
    ['TimeoutError', 'unverifiable'],
  ])('that ends in %s is %s, and asked for again after ten minutes, not before', async (error, state) => {
    const { of, count, pass } = readerThatAnswers({ DescribeImages: () => ({ error, status: 400 }) });
    expect(await of(image('a'))).toBe(state);
    pass(9);
    await of(image('a'));
    expect(count('DescribeImages')).toBe(1);
    pass(1);
    await of(image('a'));
    expect(count('DescribeImages')).toBe(2);
  });

  it.each(['AccessDeniedException', 'ThrottlingException'])('that is refused with %s is taken back by the next audit', async (error) => {
    let refused = true;
    const { of } = readerThatAnswers({ DescribeImages: (call) => (refused ? { error, status: 400 } : described()(call)) });
    expect(await of(image('a'))).toBe('unverifiable');
    refused = false;
    expect(await of(image('a'))).toMatchObject({ status: 'ACTIVE' });
  });

  it('is known of private ECR alone, and forgotten when its repository changed', async () => {
    const { of, reader, count } = readerThatAnswers({ DescribeImages: described() });
    expect(await of(image('a', 'library/nginx', 'docker.io'))).toBe('left out');
    await of(image('a'));
    reader.forget(({ repository }) => repository === 'api');
    await of(image('a'));
    expect(count('DescribeImages')).toBe(1);
    reader.forget(({ repository }) => repository === 'web');
    await of(image('a'));
    expect(count('DescribeImages')).toBe(2);
  });
});

describe("a repository's lifecycle policy", () => {
  const preview = (status: string, ...results: readonly object[]): EcrAnswer => ({ body: { status, previewResults: results } });
  const started: EcrAnswer = { body: { status: 'IN_PROGRESS' } };

  it.each([
    ['EXPIRE', { action: 'expire', rule: 3 }],
    ['TRANSITION', { action: 'archive', rule: 3 }],
  ])('that says %s is about to take the image away, and keeps the others', async (type, lifecycle) => {
    const { of } = readerThatAnswers({
      DescribeImages: described(),
      StartLifecyclePolicyPreview: () => started,
      GetLifecyclePolicyPreview: () =>
        preview('COMPLETE', { imageDigest: digest('a'), action: { type }, appliedRulePriority: 3, imagePushedAt: 0 }),
    });
    expect(await of(image('a'))).toMatchObject({ lifecycle });
    expect(await of(image('b'))).toMatchObject({ lifecycle: { action: 'keep' } });
  });

  it('is previewed by ECR once an hour, and waited for in the audits that follow', async () => {
    let status = 'IN_PROGRESS';
    const { of, count, pass } = readerThatAnswers({
      DescribeImages: described(),
      StartLifecyclePolicyPreview: () => started,
      GetLifecyclePolicyPreview: () => preview(status),
    });
    expect(await of(image('a'))).not.toHaveProperty('lifecycle');
    status = 'COMPLETE';
    pass(1);
    expect(await of(image('a'))).toMatchObject({ lifecycle: { action: 'keep' } });
    pass(30);
    await of(image('a'));
    expect([count('StartLifecyclePolicyPreview'), count('GetLifecyclePolicyPreview')]).toEqual([1, 2]);
    status = 'IN_PROGRESS';
    pass(30);
    expect(await of(image('a'))).toMatchObject({ lifecycle: { action: 'keep' } });
    expect([count('StartLifecyclePolicyPreview'), count('GetLifecyclePolicyPreview')]).toEqual([2, 3]);
  });

  it('is previewed anew when its repository changed, and says nothing until then', async () => {
    let status = 'COMPLETE';
    const { of, reader, count } = readerThatAnswers({
      DescribeImages: described(),
      StartLifecyclePolicyPreview: () => started,
      GetLifecyclePolicyPreview: () => preview(status),
    });
    expect(await of(image('a'))).toMatchObject({ lifecycle: { action: 'keep' } });
    status = 'IN_PROGRESS';
    reader.forget(({ repository }) => repository === 'api');
    expect(await of(image('a'))).toMatchObject({ lifecycle: { action: 'keep' } });
    expect(count('StartLifecyclePolicyPreview')).toBe(1);
    reader.forget(({ repository }) => repository === 'web');
    expect(await of(image('a'))).not.toHaveProperty('lifecycle');
    expect(count('StartLifecyclePolicyPreview')).toBe(2);
  });

  it('that is not there keeps everything, and one that we may not preview says nothing', async () => {
    expect(await readerThatAnswers({ DescribeImages: described() }).of(image('a'))).toMatchObject({ lifecycle: { action: 'keep' } });
    const denied = { DescribeImages: described(), StartLifecyclePolicyPreview: () => ({ error: 'AccessDeniedException', status: 400 }) };
    expect(await readerThatAnswers(denied).of(image('a'))).not.toHaveProperty('lifecycle');
    const failed = { ...denied, StartLifecyclePolicyPreview: () => started, GetLifecyclePolicyPreview: () => preview('FAILED') };
    expect(await readerThatAnswers(failed).of(image('a'))).not.toHaveProperty('lifecycle');
  });
});

describe('scans and signatures', () => {
  const scanned = (critical: number, at: number) => ({
    imageScanFindingsSummary: { imageScanCompletedAt: at, findingSeverityCounts: { CRITICAL: critical, HIGH: 9 } },
  });

  it('are not asked for where nobody wants them', async () => {
    expect(await readerThatAnswers({ DescribeImages: described() }).of(image('a'))).toEqual({
      status: 'ACTIVE',
      lifecycle: { action: 'keep' },
    });
  });

  it('of a single image is its own scan', async () => {
    const asked = { lifecycles: false, scans: true, signatures: false };
    const { of } = readerThatAnswers({ DescribeImages: described({ [digest('a')]: scanned(2, 0) }) });
    expect(await of(image('a'), asked)).toMatchObject({ scan: { completedAt: '1970-01-01T00:00:00.000Z', critical: 2 } });
    expect(await of(image('b'), asked)).toMatchObject({ scan: 'never' });
  });

  it('of an index is the oldest scan of its images, with what all of them have', async () => {
    const asked = { lifecycles: false, scans: true, signatures: false };
    const [one, two] = [digest('1'), digest('2')];
    const both = readerThatAnswers({ DescribeImages: described({ [one]: scanned(2, 86_400), [two]: scanned(1, 0) }) }, [one, two]);
    expect(await both.of(image('a'), asked)).toMatchObject({ scan: { completedAt: '1970-01-01T00:00:00.000Z', critical: 3 } });
    const half = readerThatAnswers({ DescribeImages: described({ [one]: scanned(2, 86_400) }) }, [one, two]);
    expect(await half.of(image('a'), asked)).toMatchObject({ scan: 'never' });
  });

  const signed = { lifecycles: false, scans: false, signatures: true };
  const tagged =
    (...digests: readonly string[]) =>
    ({ input: { imageIds = [] } }: EcrCall): EcrAnswer => {
      const isThere = ({ imageTag }: { readonly imageTag: string }) => digests.some((one) => imageTag === `${one.replace(':', '-')}.sig`);
      const missing = imageIds
        .filter((id) => !isThere(id))
        .map((imageId) => ({ imageId, failureCode: 'ImageNotFound', failureReason: 'gone' }));
      return { body: { images: imageIds.filter(isThere).map((imageId) => ({ imageId, imageManifest: '{}' })), failures: missing } };
    };
  const referrer = (artifactType: string) => ({ digest: digest('f'), mediaType: 'x', size: 1, artifactType });
  it.each<[string, readonly string[], readonly string[], boolean]>([
    ['a signature of Notation', ['application/vnd.cncf.notary.signature'], [], true],
    ['a bundle of Sigstore', ['application/vnd.dev.sigstore.bundle.v0.3+json'], [], true],
    ['a list of contents alone', ['application/spdx+json'], [], false],
    ['a signature that ECR made', [], ['COMPLETE'], true],
    ['one that ECR is about to make', [], ['IN_PROGRESS'], false],
    ['nothing', [], [], false],
  ])('with %s it is signed: %s', async (_what, types, statuses, expected) => {
    const { of } = readerThatAnswers({
      DescribeImages: described(),
      BatchGetImage: tagged(),
      ListImageReferrers: ({ input }) =>
        input.nextToken === undefined
          ? { body: { referrers: [referrer('application/spdx+json')], nextToken: 'more' } }
          : { body: { referrers: types.map(referrer) } },
      DescribeImageSigningStatus: () => ({ body: { signingStatuses: statuses.map((status) => ({ status })) } }),
    });
    expect(await of(image('a'), signed)).toMatchObject({ signed: expected });
  });

  it('are not known where they may be on pages that nobody read, and are there where ECR itself signed', async () => {
    const endless = (statuses: readonly string[]) =>
      readerThatAnswers({
        DescribeImages: described(),
        ListImageReferrers: () => ({ body: { referrers: [referrer('application/spdx+json')], nextToken: 'more' } }),
        DescribeImageSigningStatus: () => ({ body: { signingStatuses: statuses.map((status) => ({ status })) } }),
      });
    expect(await endless([]).of(image('a'), signed)).not.toHaveProperty('signed');
    expect(await endless(['COMPLETE']).of(image('a'), signed)).toMatchObject({ signed: true });
  });

  it('that could not be read are neither there nor missing', async () => {
    const denied = () => ({ error: 'AccessDeniedException', status: 400 });
    const { of } = readerThatAnswers({ DescribeImages: described(), BatchGetImage: tagged(), ListImageReferrers: denied });
    expect(await of(image('a'), signed)).not.toHaveProperty('signed');
  });

  const nothingAttached = {
    ListImageReferrers: () => ({ body: { referrers: [] } }),
    DescribeImageSigningStatus: () => ({ body: { signingStatuses: [] } }),
  };

  it("are found in Cosign's tags too: of all images of a repository in one call, and without another for those that have one", async () => {
    const { reader, count } = readerThatAnswers({ DescribeImages: described(), BatchGetImage: tagged(digest('a')), ...nothingAttached });
    const answers = await reader.details([image('a'), image('b')], signed, never);
    expect([...answers.values()]).toMatchObject([{ details: { signed: true } }, { details: { signed: false } }]);
    expect([count('BatchGetImage'), count('ListImageReferrers')]).toEqual([1, 1]);
    await reader.details([image('a'), image('b')], signed, never);
    expect(count('BatchGetImage')).toBe(1);
  });

  it('are not missing while their tags could not be asked for', async () => {
    const denied = () => ({ error: 'AccessDeniedException', status: 400 });
    const { of } = readerThatAnswers({ DescribeImages: described(), BatchGetImage: denied, ...nothingAttached });
    expect(await of(image('a'), signed)).not.toHaveProperty('signed');
  });
});

it('looks for copies in the registry of the same account in another region, once an hour', async () => {
  const { reader, asked } = readerThatAnswers({});
  const images = [image('a'), image('a')];
  const copies = await reader.copies(images, 'us-east-1', never);
  expect(copies.get(digestKey(image('a')))).toMatchObject({ state: 'missing' });
  expect((await reader.copies(images, 'eu-central-1', never)).get(digestKey(image('a')))).toBe('there');
  await reader.copies(images, 'eu-central-1', never);
  expect(asked.map(({ registry }) => registry)).toEqual([
    '123456789012.dkr.ecr.us-east-1.amazonaws.com',
    '123456789012.dkr.ecr.eu-central-1.amazonaws.com',
  ]);
});
