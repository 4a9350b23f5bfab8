import { describe, expect, it } from 'vitest';
import { createEcrRegistry } from '../../../lib/images/ecr/ecr.ts';
import { createRegistryHttp } from '../../../lib/images/oci/http.ts';
import { parseImageReference } from '../../../lib/images/reference.ts';
import { digestKey, type ImageDigest } from '../../../lib/images/registry/registry.ts';
import type { ImageReference } from '../../../lib/images/types.ts';
import { type EcrAnswer, type EcrCall, ecrClientThatAnswers, imageAnswer } from '../../helpers/ecr-answers.ts';

const ECR = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const never = new AbortController().signal;
const image = (tag: string) => imageAnswer(tag, { schemaVersion: 2, name: tag });
const untagged = (tag: string) => {
  const { imageId, ...rest } = image(tag);
  return { ...rest, imageId: { imageDigest: imageId.imageDigest } };
};
const digestOf = (tag: string) => image(tag).imageId.imageDigest;
const digested = (digest: string): ImageDigest => ({ registry: ECR, repository: 'web', digest });

function tagged(tag: string): ImageReference {
  const parsed = parseImageReference(`${ECR}/web:${tag}`);
  if (parsed instanceof Error) throw parsed;
  return parsed;
}

async function lookUp(answer: (call: EcrCall) => EcrAnswer, tags: readonly string[], digests: readonly string[]) {
  const { client, calls } = ecrClientThatAnswers(answer);
  const clock = { now: () => new Date(0) };
  const registry = createEcrRegistry({ clientFor: () => client, settingsCache: new Map(), http: createRegistryHttp(), clock });
  const { resolutions, manifests } = await registry.lookUp(tags.map(tagged), digests.map(digested), never);
  return {
    calls: calls.length,
    tags: tags.map((tag) => {
      const found = resolutions.get(tagged(tag).text);
      return found?.state === 'found' ? found.digest : found?.failure.reason;
    }),
    digests: digests.map((digest) => {
      const found = manifests.get(digestKey(digested(digest)));
      return found?.state === 'found' ? found.manifest.digest : found?.failure.reason;
    }),
  };
}

const NOBODY = `sha256:${'f'.repeat(64)}`;
const gone = (imageId: object) => ({ imageId, failureCode: 'ImageNotFound', failureReason: 'gone' });

describe('tags and digests of one repository', () => {
  it('are asked for in one call, and each has its own answer', async () => {
    const answer = { images: [image('1'), untagged('2')], failures: [gone({ imageTag: '9' }), gone({ imageDigest: NOBODY })] };
    expect(await lookUp(() => ({ body: answer }), ['1', '9'], [digestOf('2'), NOBODY])).toEqual({
      calls: 1,
      tags: [digestOf('1'), 'ImageNotFound'],
      digests: [digestOf('2'), 'ImageNotFound'],
    });
  });

  it.each([
    ['once', [image('1')]],
    ['twice', [image('1'), untagged('1')]],
  ])('that are the same image are told apart, where the registry names it %s', async (_what, images) => {
    expect(await lookUp(() => ({ body: { images, failures: [] } }), ['1'], [digestOf('1')])).toEqual({
      calls: 1,
      tags: [digestOf('1')],
      digests: [digestOf('1')],
    });
  });

  it('are asked for once more by tag where the answer cannot be matched', async () => {
    const answer = ({ input }: EcrCall): EcrAnswer => ({
      body: { images: input.imageIds?.length === 1 ? [image('1')] : [untagged('1'), untagged('2')], failures: [] },
    });
    expect(await lookUp(answer, ['1'], [digestOf('2')])).toEqual({ calls: 2, tags: [digestOf('1')], digests: [digestOf('2')] });
  });

  it.each([
    ['a tag that two images claim', [image('1'), { ...image('2'), imageId: { ...image('2').imageId, imageTag: '1' } }]],
    ['an image that is left out', [image('1')]],
  ])('are no pass in an answer with %s', async (_what, images) => {
    const answer = ({ input }: EcrCall): EcrAnswer =>
      input.imageIds?.length === 1 ? { body: { images: [], failures: [] } } : { body: { images, failures: [] } };
    const found = await lookUp(answer, ['1'], [NOBODY]);
    expect(found.digests).toEqual(['MalformedAnswer']);
  });

  it('come in as many calls as hundreds of them', async () => {
    const digests = Array.from({ length: 150 }, (_, number) => `sha256:${String(number).padStart(64, '0')}`);
    const answer = ({ input }: EcrCall): EcrAnswer => ({ body: { images: [], failures: (input.imageIds ?? []).map((id) => gone(id)) } });
    const found = await lookUp(answer, ['1', '2'], digests);
    expect([found.calls, new Set([...found.tags, ...found.digests])]).toEqual([2, new Set(['ImageNotFound'])]);
  });

  it('are asked for apart where the registry does not accept one of them', async () => {
    const answer = ({ input }: EcrCall): EcrAnswer => {
      const ids: readonly { readonly imageTag?: string }[] = input.imageIds ?? [];
      return ids.every(({ imageTag }) => imageTag !== undefined)
        ? { body: { images: [image('1')], failures: [] } }
        : { error: 'InvalidParameterException', status: 400 };
    };
    expect(await lookUp(answer, ['1'], [NOBODY])).toEqual({ calls: 3, tags: [digestOf('1')], digests: ['InvalidParameterException'] });
  });

  it('are all unknown where the call fails', async () => {
    const found = await lookUp(() => ({ error: 'AccessDeniedException', status: 400 }), ['1'], [NOBODY]);
    expect(found).toEqual({ calls: 1, tags: ['AccessDeniedException'], digests: ['AccessDeniedException'] });
  });
});
