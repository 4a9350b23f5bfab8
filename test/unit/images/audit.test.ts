import { expect, it } from 'vitest';
import { auditImages } from '../../../lib/images/audit.ts';
import type { ImageRegistry, RepositorySettings, Resolution } from '../../../lib/images/registry/registry.ts';
import { repositoryKey } from '../../../lib/images/registry/registry.ts';
import type { RunFacts } from '../../../lib/records/fact.ts';
import { planRecords } from '../../../lib/records/plan-records.ts';
import type { ObjectRecord } from '../../../lib/records/record.ts';
import { deployment, rendered } from '../../helpers/workloads.ts';

const ECR = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const [WEB, API] = [`${ECR}/web:1`, `${ECR}/api:1`];
const never = new AbortController().signal;
const clock = { now: () => new Date('2026-01-01T00:00:00Z') };
const failure = { reason: 'AccessDeniedException', message: 'denied' };
const mutable: RepositorySettings = { state: 'found', settings: { mutability: 'MUTABLE', exclusions: [] } };

/** What a registry answers to everything. */
function registryThatSays(resolution: Resolution, settings: RepositorySettings): ImageRegistry {
  return {
    resolve: async (references) => new Map(references.map(({ text }) => [text, resolution])),
    settings: async (references) => new Map(references.map((reference) => [repositoryKey(reference), settings])),
  };
}

async function auditOf(registry: ImageRegistry, ...images: readonly string[]): Promise<RunFacts> {
  const history = { last: async () => new Map(), append: async () => undefined };
  const artifact = { ...rendered('a1', deployment('web', ...images)), digests: [] };
  const [audit] = await auditImages([{ cluster: 'prod-eu', artifact }], { registry, history, clock }, never);
  if (audit === undefined) throw new Error('no cluster was audited');
  return { ...audit, runId: '01JGFJJZ00', startedAt: '2026-01-01T00:00:00Z' };
}

function recordsOf(open: readonly ObjectRecord[], run: RunFacts): readonly ObjectRecord[] {
  let next = 0;
  return planRecords(open, run, clock.now(), () => `id${next++}`).flatMap((steps) => steps.slice(-1));
}

const gone: Resolution = { state: 'missing', failure: { reason: 'ImageNotFound', message: 'gone' } };
const unknown = { state: 'unverifiable', failure } as const;

it('opens a record for each reference, also where one workload uses several', async () => {
  const records = recordsOf([], await auditOf(registryThatSays(gone, mutable), WEB, API));
  expect(records.map((record) => [record.event, record.class, record.changes[0]?.path])).toEqual([
    ['opened', 'tag.unresolvable', API],
    ['opened', 'repo.mutable', API],
    ['opened', 'tag.unresolvable', WEB],
    ['opened', 'repo.mutable', WEB],
  ]);
});

it('has nothing new to say of a finding that is still there', async () => {
  const registry = registryThatSays(gone, mutable);
  const open = recordsOf([], await auditOf(registry, WEB));
  expect(recordsOf(open, await auditOf(registry, WEB))).toEqual([]);
});

it('keeps findings open while the registry does not answer, and resolves them when it does or they are no longer used', async () => {
  const open = recordsOf([], await auditOf(registryThatSays(gone, mutable), WEB));
  const blind = recordsOf(open, await auditOf(registryThatSays(unknown, unknown), WEB));
  expect(blind.map((record) => [record.event, record.class])).toEqual([['opened', 'run.unverifiable']]);

  const immutable: RepositorySettings = { state: 'found', settings: { mutability: 'IMMUTABLE', exclusions: [] } };
  const found: Resolution = { state: 'found', digest: `sha256:${'a'.repeat(64)}`, mediaType: 'x', platforms: [] };
  const resolved = [
    ['resolved', 'tag.unresolvable'],
    ['resolved', 'repo.mutable'],
    ['resolved', 'run.unverifiable'],
  ];
  for (const run of [
    await auditOf(registryThatSays(found, immutable), WEB),
    await auditOf(registryThatSays(unknown, unknown), 'nginx@sha256:'.concat('a'.repeat(64))),
  ]) {
    const closed = recordsOf([...open, ...blind], run).filter((record) => record.changes[0]?.path === WEB);
    expect(closed.map((record) => [record.event, record.class])).toEqual(resolved);
  }
});

it('says that only the settings are unknown where the tag could be read', async () => {
  const found: Resolution = { state: 'found', digest: `sha256:${'a'.repeat(64)}`, mediaType: 'x', platforms: [] };
  const run = await auditOf(registryThatSays(found, unknown), WEB);
  expect(run.facts).toMatchObject([{ class: 'run.unverifiable', error: { message: expect.stringContaining("repository's settings") } }]);
});

it('keeps what follows from the rules of a registry open while those cannot be read', async () => {
  const made = { by: 'PULL_THROUGH_CACHE', settings: { mutability: 'MUTABLE', exclusions: [] } } as const;
  const found: Resolution = { state: 'found', digest: `sha256:${'a'.repeat(64)}`, mediaType: 'x', platforms: [] };
  const cached: RepositorySettings = { ...mutable, origin: { upstream: 'quay.io', recreated: [made] } };
  const open = recordsOf([], await auditOf(registryThatSays(found, cached), WEB));
  expect(open.map((record) => record.class).sort()).toEqual(['repo.mutable', 'repo.pullthrough', 'repo.template-mutable']);
  const closedBy = async (settings: RepositorySettings) =>
    recordsOf(open, await auditOf(registryThatSays(found, settings), WEB))
      .map((record) => `${record.event} ${record.class}`)
      .sort();
  expect(await closedBy({ ...mutable, origin: { unknown: ['upstream', 'template'] } })).toEqual([]);
  expect(await closedBy({ ...mutable, origin: { unknown: ['template'] } })).toEqual(['resolved repo.pullthrough']);
  expect(await closedBy(mutable)).toEqual(['resolved repo.pullthrough', 'resolved repo.template-mutable']);
});

it.each<[string, RepositorySettings, readonly string[]]>([
  [
    'that a filter leaves out of immutability',
    { state: 'found', settings: { mutability: 'IMMUTABLE_WITH_EXCLUSION', exclusions: ['1*'] } },
    ['tag.excluded'],
  ],
  ['that no filter leaves out', { state: 'found', settings: { mutability: 'IMMUTABLE_WITH_EXCLUSION', exclusions: ['dev-*'] } }, []],
  [
    'that no filter keeps from being overwritten',
    { state: 'found', settings: { mutability: 'MUTABLE_WITH_EXCLUSION', exclusions: ['dev-*'] } },
    ['repo.mutable'],
  ],
])('finds a tag %s', async (_what, settings, ids) => {
  const found: Resolution = { state: 'found', digest: `sha256:${'a'.repeat(64)}`, mediaType: 'x', platforms: [] };
  const { facts } = await auditOf(registryThatSays(found, settings), WEB);
  expect(facts.map((fact) => fact.class)).toEqual(ids);
});
