import { describe, expect, it } from 'vitest';
import type { OciRequest } from '../../../lib/images/oci/client.ts';
import { createOciDetails } from '../../../lib/images/oci/details.ts';
import { RegistryHttpError } from '../../../lib/images/oci/http.ts';
import { digestKey, type ImageDigest } from '../../../lib/images/registry/registry.ts';

const never = new AbortController().signal;
const HEX = 'a'.repeat(64);
const IMAGE: ImageDigest = { registry: 'registry.example', repository: 'web', digest: `sha256:${HEX}` };
const COSIGN = 'application/vnd.dev.cosign.artifact.sig.v1+json';
const signed = { lifecycles: false, scans: false, signatures: true };
const present = { ...signed, signatures: false };

interface Answer {
  readonly status: number;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

const unknown: Answer = { status: 404, body: { errors: [{ code: 'MANIFEST_UNKNOWN' }] } };
const listOf = (...types: readonly string[]): Answer => ({
  status: 200,
  body: { manifests: types.map((artifactType) => ({ artifactType })) },
});

/** A registry that has what it is told, by the path below the repository, and else no such manifest. */
function registryWith(answers: Readonly<Record<string, Answer | 'down'>>) {
  let now = Date.parse('2026-01-01T00:00:00Z');
  const asked: string[] = [];
  const send = async ({ method, path }: OciRequest) => {
    asked.push(`${method} ${path.replace(HEX, 'A')}`);
    const answer = answers[path.replace(HEX, 'A')] ?? unknown;
    if (answer === 'down') throw new RegistryHttpError('RegistryUnreachable', 'registry registry.example: nobody answers.');
    const { status, body = {}, headers = {} } = answer;
    return { status, headers, body: method === 'HEAD' ? Buffer.alloc(0) : Buffer.from(JSON.stringify(body)) };
  };
  const reader = createOciDetails(send, { now: () => new Date(now) });
  const of = async (more = present, image = IMAGE) => (await reader.details([image], more, never)).get(digestKey(image));
  return { reader, of, asked, pass: (minutes: number) => (now += minutes * 60_000) };
}

const THERE = { 'manifests/sha256:A': { status: 200 } };

describe('whether an image is there', () => {
  it.each<[string, Answer | 'down', string]>([
    ['is found', { status: 200 }, 'found'],
    ['is missing where the registry itself says so', unknown, 'missing'],
    ['is not known of a repository that may be hidden', { status: 404, body: { errors: [{ code: 'NAME_UNKNOWN' }] } }, 'unverifiable'],
    ['is not known of a registry that refuses us', { status: 403 }, 'unverifiable'],
    ['is not known of a registry that has no time', { status: 429 }, 'unverifiable'],
    ['is not known of a registry that is down', 'down', 'unverifiable'],
  ])('%s', async (_what, answer, state) => {
    expect(await registryWith({ 'manifests/sha256:A': answer }).of()).toMatchObject({ state });
  });

  it('is asked for by HEAD once an hour, and again after ten minutes while it is not there', async () => {
    const there = registryWith(THERE);
    await there.of();
    there.pass(59);
    await there.of();
    expect(there.asked).toEqual(['HEAD manifests/sha256:A']);
    there.pass(1);
    await there.of();
    expect(there.asked).toHaveLength(2);
    const gone = registryWith({});
    await gone.of();
    gone.pass(10);
    await gone.of();
    expect(gone.asked).toEqual(Array(2).fill(['HEAD manifests/sha256:A', 'GET manifests/sha256:A']).flat());
  });

  it('is not asked of ECR, and forgotten when a repository changed', async () => {
    const { of, reader, asked } = registryWith(THERE);
    expect(await of(present, { ...IMAGE, registry: '123456789012.dkr.ecr.eu-west-1.amazonaws.com' })).toBeUndefined();
    await of();
    reader.forget(({ repository }) => repository === 'web');
    await of();
    expect(asked).toHaveLength(2);
  });
});

describe('whether an image is signed', () => {
  const referrers = 'referrers/sha256:A';
  const noList: Answer = { status: 404, body: { errors: [{ code: 'UNSUPPORTED' }] } };
  it.each<[string, Readonly<Record<string, Answer | 'down'>>, boolean | undefined]>([
    ['by a referrer', { [referrers]: listOf('application/spdx+json', COSIGN) }, true],
    ['by the list that clients keep', { [referrers]: noList, 'manifests/sha256-A': listOf(COSIGN) }, true],
    ["by Cosign's tag", { [referrers]: listOf(), 'manifests/sha256-A.sig': { status: 200 } }, true],
    ['by none of them', { [referrers]: listOf('application/spdx+json') }, false],
    ['by none of them, without a list of referrers', { [referrers]: noList }, false],
    ['is not known while the list may not be read', { [referrers]: { status: 403 } }, undefined],
    [
      'is not known while the list is not told in full',
      { [referrers]: { ...listOf(), headers: { link: '<more>; rel="next"' } } },
      undefined,
    ],
    ['is not known while the list is malformed', { [referrers]: { status: 200, body: { manifests: 'many' } } }, undefined],
    ['is not known while the tag may not be read', { [referrers]: listOf(), 'manifests/sha256-A.sig': { status: 500 } }, undefined],
    ['is known by the tag while the list is down', { [referrers]: 'down', 'manifests/sha256-A.sig': { status: 200 } }, true],
  ])('%s', async (_what, answers, expected) => {
    const answer = await registryWith({ ...THERE, ...answers }).of(signed);
    expect(answer).toEqual({ state: 'found', details: { status: 'ACTIVE', ...(expected === undefined ? {} : { signed: expected }) } });
  });

  it('is not asked for where nobody wants it, and kept for an hour', async () => {
    const { of, asked, pass } = registryWith({ ...THERE, [referrers]: listOf(COSIGN) });
    await of();
    expect(asked).toHaveLength(1);
    await of(signed);
    const count = asked.length;
    pass(9);
    await of(signed);
    expect(asked).toHaveLength(count);
  });
});
