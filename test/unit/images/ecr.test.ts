import { describe, expect, it } from 'vitest';
import { createEcrRegistry } from '../../../lib/images/ecr/ecr.ts';
import { forgetSettings, type SettingsCache } from '../../../lib/images/ecr/settings.ts';
import { createRegistryHttp } from '../../../lib/images/oci/http.ts';
import { parseImageReference } from '../../../lib/images/reference.ts';
import type { ImageReference } from '../../../lib/images/types.ts';
import { type EcrAnswer, type EcrCall, ecrClientThatAnswers, imageAnswer } from '../../helpers/ecr-answers.ts';

const ECR = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const http = createRegistryHttp();
const never = new AbortController().signal;

function reference(text: string): ImageReference {
  const parsed = parseImageReference(text);
  if (parsed instanceof Error) throw parsed;
  return parsed;
}

function registryThatAnswers(answer: (call: EcrCall) => EcrAnswer) {
  const { client, calls } = ecrClientThatAnswers(answer);
  const settingsCache: SettingsCache = new Map();
  let now = Date.parse('2026-01-01T00:00:00Z');
  const clock = { now: () => new Date(now) };
  const pass = (seconds: number) => {
    now += seconds * 1000;
  };
  return { registry: createEcrRegistry({ clientFor: () => client, settingsCache, http, clock }), calls, pass, settingsCache };
}

const tagsOf = (call: EcrCall) => (call.input.imageIds ?? []).map(({ imageTag }) => imageTag);
const manifest = (name: string) => ({ schemaVersion: 2, name });
const allFound = (call: EcrCall) => ({ body: { images: tagsOf(call).map((tag) => imageAnswer(tag, manifest(tag))), failures: [] } });

describe('resolve', () => {
  it('takes a manifest whose bytes have the digest that the registry names', async () => {
    const { registry, calls } = registryThatAnswers(allFound);
    const text = `${ECR}/web:1`;
    const resolutions = await registry.resolve([reference(text)], never);
    expect(resolutions.get(text)).toEqual({
      state: 'found',
      digest: imageAnswer('1', manifest('1')).imageId.imageDigest,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      platforms: [],
    });
    expect(calls[0]?.input).toMatchObject({ registryId: '123456789012', repositoryName: 'web' });
    expect(calls[0]?.input.acceptedMediaTypes).toHaveLength(4);
  });

  it('refuses a manifest whose bytes have another digest', async () => {
    const lie = { ...imageAnswer('1', manifest('1')), imageManifest: JSON.stringify(manifest('2')) };
    const { registry } = registryThatAnswers(() => ({ body: { images: [lie], failures: [] } }));
    const resolution = (await registry.resolve([reference(`${ECR}/web:1`)], never)).get(`${ECR}/web:1`);
    expect(resolution).toMatchObject({ state: 'unverifiable', failure: { reason: 'DigestMismatch' } });
  });

  it.each([
    ['ImageNotFound', 'missing'],
    ['ImageInaccessible', 'unverifiable'],
    ['KmsError', 'unverifiable'],
    ['InvalidImageTag', 'unverifiable'],
    ['ImageTagDoesNotMatchDigest', 'unverifiable'],
    ['UpstreamAccessDenied', 'unverifiable'],
    ['UpstreamTooManyRequests', 'unverifiable'],
    ['UpstreamUnavailable', 'unverifiable'],
    ['SomethingNew', 'unverifiable'],
  ])('takes the failure %s for %s', async (failureCode, state) => {
    const { registry } = registryThatAnswers(() => ({
      body: { images: [], failures: [{ imageId: { imageTag: '1' }, failureCode, failureReason: 'because' }] },
    }));
    const resolution = (await registry.resolve([reference(`${ECR}/web:1`)], never)).get(`${ECR}/web:1`);
    expect(resolution).toMatchObject({ state, failure: { reason: failureCode, message: 'because' } });
  });

  it.each([
    ['RepositoryNotFoundException', 400, 'missing'],
    ['AccessDeniedException', 400, 'unverifiable'],
    ['ThrottlingException', 400, 'unverifiable'],
    ['ServerException', 500, 'unverifiable'],
    ['UnrecognizedClientException', 403, 'unverifiable'],
  ])('takes the error %s for %s', async (error, status, state) => {
    const { registry } = registryThatAnswers(() => ({ error, status }));
    const resolution = (await registry.resolve([reference(`${ECR}/web:1`)], never)).get(`${ECR}/web:1`);
    expect(resolution).toMatchObject({ state, failure: { reason: error } });
  });

  it('asks once for each repository and 100 tags, and once for a tag that is written in two ways', async () => {
    const { registry, calls } = registryThatAnswers(allFound);
    const web = Array.from({ length: 150 }, (_, index) => reference(`${ECR}/web:${index}`));
    const others = [`${ECR}/api:1`, `${ECR}/web`, `${ECR}/web:latest`].map(reference);
    const resolutions = await registry.resolve([...web, ...others], never);
    expect(resolutions.size).toBe(153);
    expect(calls.map((call) => [call.input.repositoryName, tagsOf(call).length])).toEqual([
      ['web', 100],
      ['web', 51],
      ['api', 1],
    ]);
    expect(resolutions.get(`${ECR}/web`)).toEqual(resolutions.get(`${ECR}/web:latest`));
  });

  it('asks tag by tag when an answer cannot be matched to its tags', async () => {
    const both = imageAnswer('2', manifest('shared'));
    const { registry, calls } = registryThatAnswers(({ input }) => ({
      body: { images: (input.imageIds ?? []).map(() => both), failures: [] },
    }));
    const resolutions = await registry.resolve([`${ECR}/web:1`, `${ECR}/web:2`].map(reference), never);
    expect([...resolutions.values()]).toMatchObject([
      { state: 'found', digest: both.imageId.imageDigest },
      { state: 'found', digest: both.imageId.imageDigest },
    ]);
    expect(calls.map(tagsOf)).toEqual([['1', '2'], ['1'], ['2']]);
  });

  it.each([
    ['answers nothing', { images: [], failures: [] }],
    ['answers without a manifest', { images: [{ imageId: { imageTag: '1' } }], failures: [] }],
    ['answers two images for one tag', { images: [imageAnswer('1', manifest('a')), imageAnswer('1', manifest('b'))], failures: [] }],
  ])('knows nothing of a tag for which the registry %s', async (_answer, body) => {
    const { registry } = registryThatAnswers(() => ({ body }));
    const resolution = (await registry.resolve([reference(`${ECR}/web:1`)], never)).get(`${ECR}/web:1`);
    expect(resolution).toMatchObject({ state: 'unverifiable', failure: { reason: 'MalformedAnswer' } });
  });

  it('rejects when the run is over, instead of calling its images unverifiable', async () => {
    const run = new AbortController();
    const { registry } = registryThatAnswers((call) => {
      run.abort(new Error('the run is over'));
      return allFound(call);
    });
    await expect(registry.resolve([reference(`${ECR}/web:1`)], run.signal)).rejects.toThrow('the run is over');
  });

  it('asks nobody for a reference that is not in ECR', async () => {
    const { registry, calls } = registryThatAnswers(allFound);
    const resolution = (await registry.resolve([reference('nginx:1')], never)).get('nginx:1');
    expect(resolution).toMatchObject({ state: 'unverifiable', failure: { reason: 'NotEcr' } });
    expect(calls).toEqual([]);
  });
});

describe('settings', () => {
  const settingsOf =
    (settings: Readonly<Record<string, object | 'denied'>>) =>
    ({ input }: EcrCall): EcrAnswer => {
      const names = (input.repositoryNames ?? []) as readonly string[];
      if (names.some((name) => settings[name] === 'denied')) return { error: 'AccessDeniedException', status: 400 };
      if (names.some((name) => settings[name] === undefined)) return { error: 'RepositoryNotFoundException', status: 400 };
      return {
        body: {
          registryId: '123456789012',
          repositories: names.map((repositoryName) => ({ repositoryName, ...Object(settings[repositoryName]) })),
        },
      };
    };

  it('reads all four values and their filters', async () => {
    const filters = [{ filterType: 'WILDCARD', filter: 'dev-*' }];
    const { registry } = registryThatAnswers(
      settingsOf({
        a: { imageTagMutability: 'MUTABLE' },
        b: { imageTagMutability: 'IMMUTABLE' },
        c: { imageTagMutability: 'IMMUTABLE_WITH_EXCLUSION', imageTagMutabilityExclusionFilters: filters },
        d: { imageTagMutability: 'MUTABLE_WITH_EXCLUSION', imageTagMutabilityExclusionFilters: filters },
      }),
    );
    const settings = await registry.settings(
      ['a', 'b', 'c', 'd'].map((name) => reference(`${ECR}/${name}:1`)),
      never,
    );
    expect(Object.fromEntries(settings)).toEqual({
      [`${ECR}/a`]: { state: 'found', settings: { mutability: 'MUTABLE', exclusions: [] } },
      [`${ECR}/b`]: { state: 'found', settings: { mutability: 'IMMUTABLE', exclusions: [] } },
      [`${ECR}/c`]: { state: 'found', settings: { mutability: 'IMMUTABLE_WITH_EXCLUSION', exclusions: ['dev-*'] } },
      [`${ECR}/d`]: { state: 'found', settings: { mutability: 'MUTABLE_WITH_EXCLUSION', exclusions: ['dev-*'] } },
    });
  });

  it.each([
    ['a mutability that is new', { imageTagMutability: 'SOMETIMES' }],
    [
      'a filter of a kind that is new',
      { imageTagMutability: 'MUTABLE_WITH_EXCLUSION', imageTagMutabilityExclusionFilters: [{ filterType: 'REGEX', filter: '.' }] },
    ],
    ['no mutability', {}],
  ])('says nothing of a repository with %s', async (_what, repository) => {
    const { registry } = registryThatAnswers(settingsOf({ web: repository }));
    const settings = await registry.settings([reference(`${ECR}/web:1`)], never);
    expect(settings.get(`${ECR}/web`)).toMatchObject({ state: 'unverifiable', failure: { reason: 'UnknownSetting' } });
  });

  it('lets a repository that is gone, or closed to us, take no other with it', async () => {
    const names = Array.from({ length: 100 }, (_, index) => `r${index}`);
    const all = Object.fromEntries(names.map((name) => [name, { imageTagMutability: 'IMMUTABLE' } as const]));
    const { r17: _gone, ...others } = all;
    const { registry, calls } = registryThatAnswers(settingsOf({ ...others, r60: 'denied' }));
    const settings = await registry.settings(
      names.map((name) => reference(`${ECR}/${name}:1`)),
      never,
    );
    expect(settings.get(`${ECR}/r17`)).toMatchObject({ state: 'missing' });
    expect(settings.get(`${ECR}/r60`)).toMatchObject({ state: 'unverifiable', failure: { reason: 'AccessDeniedException' } });
    expect([...settings.values()].filter(({ state }) => state === 'found')).toHaveLength(98);
    expect(calls.length).toBeLessThan(32);
  });

  it('asks again for a repository in which something changed, and for no other', async () => {
    const { registry, calls, settingsCache } = registryThatAnswers(
      settingsOf({ web: { imageTagMutability: 'MUTABLE' }, api: { imageTagMutability: 'MUTABLE' } }),
    );
    const references = ['web', 'api'].map((name) => reference(`${ECR}/${name}:1`));
    await registry.settings(references, never);
    forgetSettings(settingsCache, ({ repository }) => repository === 'web');
    await registry.settings(references, never);
    const asked = calls.filter(({ operation }) => operation === 'DescribeRepositories').map(({ input }) => input.repositoryNames);
    expect(asked).toEqual([['web', 'api'], ['web']]);
  });

  it('asks for 100 repositories at once, and again only after ten minutes', async () => {
    const names = Array.from({ length: 120 }, (_, index) => `r${index}`);
    const references = names.map((name) => reference(`${ECR}/${name}:1`));
    const { registry, calls, pass } = registryThatAnswers(
      settingsOf(Object.fromEntries(names.map((name) => [name, { imageTagMutability: 'MUTABLE' }]))),
    );
    const asked = () => calls.filter(({ operation }) => operation === 'DescribeRepositories').length;
    await registry.settings(references, never);
    expect(asked()).toBe(2);
    pass(599);
    expect((await registry.settings(references, never)).get(`${ECR}/r7`)).toMatchObject({ state: 'found' });
    expect(asked()).toBe(2);
    pass(1);
    await registry.settings(references, never);
    expect(asked()).toBe(4);
  });

  it('remembers no failure', async () => {
    const answers: Record<string, object | 'denied'> = { web: 'denied' };
    const { registry } = registryThatAnswers((call) => settingsOf(answers)(call));
    expect((await registry.settings([reference(`${ECR}/web:1`)], never)).get(`${ECR}/web`)).toMatchObject({ state: 'unverifiable' });
    answers.web = { imageTagMutability: 'IMMUTABLE' };
    expect((await registry.settings([reference(`${ECR}/web:1`)], never)).get(`${ECR}/web`)).toMatchObject({ state: 'found' });
  });
});
