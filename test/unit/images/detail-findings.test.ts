import { describe, expect, it } from 'vitest';
import { type ArtifactInUse, auditImages } from '../../../lib/images/audit.ts';
import { closesDetail, detailsAsked } from '../../../lib/images/detail-findings.ts';
import type { FindingPolicy } from '../../../lib/images/finding-table.ts';
import type { DetailReader, DetailsAnswer, ImageDetails } from '../../../lib/images/registry/image-details.ts';
import { digestKey, type ImageRegistry, type NoAnswer } from '../../../lib/images/registry/registry.ts';
import { deployment, rendered } from '../../helpers/workloads.ts';

const never = new AbortController().signal;
const clock = { now: () => new Date('2026-03-01T00:00:00Z') };
const DIGEST = `sha256:${'a'.repeat(64)}`;
const OTHER = `sha256:${'b'.repeat(64)}`;
const IMAGE = `123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1@${DIGEST}`;
const gone: NoAnswer = { state: 'missing', failure: { reason: 'ImageNotFound', message: 'gone' } };
const denied: NoAnswer = { state: 'unverifiable', failure: { reason: 'AccessDeniedException', message: 'denied' } };
const active: ImageDetails = { status: 'ACTIVE', lifecycle: { action: 'keep' } };

function readerThatSays(answer: DetailsAnswer, copy: 'there' | NoAnswer = 'there'): DetailReader {
  return {
    details: async (images) => new Map(images.map((image) => [digestKey(image), answer])),
    copies: async (images) => new Map(images.map((image) => [digestKey(image), copy])),
    forget: () => undefined,
  };
}

/** A registry where the tag names the digest that Git has beside it, or another one. */
const registryWith = (digest: string): ImageRegistry => ({
  resolve: async (references) => new Map(references.map(({ text }) => [text, { state: 'found', digest, mediaType: 'x', platforms: [] }])),
  settings: async () => new Map(),
});

async function findingsOf(
  details: DetailReader,
  { digest = DIGEST, region = 'eu-west-1', policy = {} }: { digest?: string; region?: string; policy?: FindingPolicy } = {},
) {
  const settings = { images: { policy } };
  const artifact: ArtifactInUse['artifact'] = { ...rendered('a1', deployment('web', IMAGE)), digests: [], settings };
  const history = { last: async () => new Map(), append: async () => undefined };
  const deps = { registry: registryWith(digest), details, history, clock };
  const [audit] = await auditImages([{ cluster: 'prod-eu', region, artifact }], deps, never);
  if (audit === undefined) throw new Error('no cluster was audited');
  return audit;
}

const found = (details: Partial<ImageDetails>): DetailsAnswer => ({ state: 'found', details: { ...active, ...details } });

describe('what a registry knows of an image', () => {
  it.each<[string, DetailsAnswer, readonly string[]]>([
    ['nothing wrong', found({}), []],
    ['archived', found({ status: 'ARCHIVED' }), ['digest.archived']],
    ['being taken from the archive', found({ status: 'ACTIVATING' }), ['digest.archived']],
    ['about to expire', found({ lifecycle: { action: 'expire', rule: 1 } }), ['digest.expiring']],
    ['about to be archived', found({ lifecycle: { action: 'archive', rule: 1 } }), ['digest.expiring']],
    ['unsigned', found({ signed: false }), ['sig.missing']],
    ['signed', found({ signed: true }), []],
    ['never scanned', found({ scan: 'never' }), ['scan.stale']],
    ['scanned 30 days ago', found({ scan: { completedAt: '2026-01-30T00:00:00Z', critical: 0 } }), []],
    ['scanned 31 days ago', found({ scan: { completedAt: '2026-01-29T00:00:00Z', critical: 0 } }), ['scan.stale']],
    ['vulnerable', found({ scan: { completedAt: '2026-03-01T00:00:00Z', critical: 2 } }), ['scan.critical']],
    ['not to be seen', denied, ['run.unverifiable']],
  ])('%s is found', async (_what, answer, ids) => {
    const { findings } = await findingsOf(readerThatSays(answer));
    expect(findings.map(({ id }) => id)).toEqual(ids);
    expect(findings.every(({ reference }) => reference === IMAGE)).toBe(true);
  });

  it.each<[string, string, 'there' | NoAnswer, readonly string[]]>([
    ['its own region', 'eu-west-1', gone, []],
    ['another region with a copy', 'us-east-1', 'there', []],
    ['another region without one', 'us-east-1', gone, ['digest.not-replicated']],
    ['another region that may not be asked', 'us-east-1', denied, ['run.unverifiable']],
  ])('in %s it is found whether the cluster can do without the other', async (_what, region, copy, ids) => {
    expect((await findingsOf(readerThatSays(found({}), copy), { region })).findings.map(({ id }) => id)).toEqual(ids);
  });
});

it.each<[string, FindingPolicy, DetailsAnswer, readonly string[]]>([
  ['its signature, where that is asked for', { 'sig.missing': 'report' }, found({}), ['run.unverifiable']],
  ['its scan, where that is asked for', { 'scan.stale': 'report' }, found({}), ['run.unverifiable']],
  ['what nobody asks for', {}, found({}), []],
  ['one thing of several', { 'sig.missing': 'report', 'scan.stale': 'report' }, denied, ['run.unverifiable']],
])('what a registry does not tell is no pass: %s', async (_what, policy, answer, ids) => {
  expect((await findingsOf(readerThatSays(answer), { policy })).findings.map(({ id }) => id)).toEqual(ids);
});

it('says why a registry did not tell', async () => {
  const { facts } = await findingsOf(readerThatSays(denied));
  expect(facts).toMatchObject([
    { class: 'run.unverifiable', error: { message: expect.stringContaining('(AccessDeniedException: denied)') } },
  ]);
});

it('finds a tag that names another digest than the one that Git has beside it', async () => {
  const { findings, facts } = await findingsOf(readerThatSays(found({})), { digest: OTHER });
  expect(findings).toMatchObject([{ id: 'tag.tag-digest-disagree', severity: 'medium', lockedDigest: DIGEST, currentDigest: OTHER }]);
  expect(facts[0]?.changes).toEqual([{ path: IMAGE, desired: DIGEST, live: OTHER }]);
});

it.each<[string, DetailsAnswer, boolean]>([
  ['digest.archived', found({}), true],
  ['digest.archived', denied, false],
  ['digest.expiring', { state: 'found', details: { status: 'ACTIVE' } }, false],
  ['digest.expiring', found({}), true],
  ['sig.missing', found({}), false],
  ['sig.missing', found({ signed: true }), true],
  ['scan.critical', found({}), false],
])('closes %s only by what it knows: %j', (id, details, closes) => {
  expect(closesDetail(id, { digest: DIGEST, details })).toBe(closes);
});

it('closes a missing copy only where the copy was seen', () => {
  const observed = { digest: DIGEST, details: found({}) };
  expect(closesDetail('digest.not-replicated', { ...observed, copy: { region: 'us-east-1', answer: denied } })).toBe(false);
  expect(closesDetail('digest.not-replicated', { ...observed, copy: { region: 'us-east-1', answer: 'there' } })).toBe(true);
  expect(closesDetail('digest.not-replicated', observed)).toBe(true);
  expect(closesDetail('tag.moved', observed)).toBeUndefined();
});

it('asks for what costs a call an image only where a policy wants it', () => {
  expect(detailsAsked([undefined, {}])).toEqual({ lifecycles: true, scans: false, signatures: false });
  expect(detailsAsked([{}, { 'sig.missing': 'report' }])).toEqual({ lifecycles: true, scans: false, signatures: true });
  expect(detailsAsked([{ 'scan.critical': 'block', 'digest.expiring': 'ignore' }])).toEqual({
    lifecycles: false,
    scans: true,
    signatures: false,
  });
});
