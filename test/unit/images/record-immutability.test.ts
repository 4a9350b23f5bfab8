import { expect, it } from 'vitest';
import { recordImmutability } from '../../../lib/images/ecr/record-immutability.ts';
import type { RunFacts } from '../../../lib/records/fact.ts';
import { planRecords } from '../../../lib/records/plan-records.ts';
import { clusterRow } from '../../helpers/cluster-row.ts';
import { deployment, rendered } from '../../helpers/workloads.ts';

const ECR = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const now = new Date('2026-01-01T00:00:00Z');

function setUp() {
  const runs: RunFacts[] = [];
  const images: Readonly<Record<string, string>> = { 'prod-eu': `${ECR}/web:1`, 'prod-us': `${ECR}/api:1` };
  const deps = {
    clusters: { list: async () => Object.keys(images).map((cluster) => ({ cluster, row: clusterRow(cluster) })) },
    state: { list: async () => Object.keys(images).map((cluster) => ({ cluster, desiredArtifact: cluster })) },
    artifacts: {
      get: async (cluster: string) => ({
        ...rendered('a1', deployment('web', images[cluster] ?? '')),
        ...({ digests: [], findings: [], blocked: {}, schemaVersion: 1, renderedAt: '' } as const),
      }),
    },
    recorder: {
      record: async (run: RunFacts) => {
        runs.push(run);
        return [];
      },
    },
    clock: { now: () => now },
    newRunId: () => '01JGFJJZ00',
  };
  return { deps, runs };
}

const change = {
  before: { mutability: 'MUTABLE', exclusions: [] },
  after: { mutability: 'IMMUTABLE_WITH_EXCLUSION', exclusions: ['dev-*'] },
  applied: true,
} as const;
const never = new AbortController().signal;

it('records what the settings of a repository were and are for each cluster that uses it, as something that is done', async () => {
  const { deps, runs } = setUp();
  const repository = { account: '123456789012', region: 'eu-west-1', name: 'web' };
  expect(await recordImmutability(repository, change, deps, new AbortController().signal)).toEqual(['prod-eu']);
  const [run] = runs;
  if (run === undefined) throw new Error('nothing was recorded');
  const steps = planRecords([], run, now, () => 'id').flat();
  expect(steps.at(-1)).toMatchObject({
    cluster: 'prod-eu',
    decision: 'applied',
    changes: [{ live: 'MUTABLE', desired: 'IMMUTABLE_WITH_EXCLUSION (dev-*)' }],
    verifiedAt: now.toISOString(),
    resolvedAt: now.toISOString(),
  });
});

it('records what is about to be done as open, which the change closes', async () => {
  const { deps, runs } = setUp();
  const repository = { account: '123456789012', region: 'eu-west-1', name: 'web' };
  await recordImmutability(repository, { ...change, applied: false }, deps, never);
  await recordImmutability(repository, change, deps, never);
  const [intent, done] = runs;
  if (intent === undefined || done === undefined) throw new Error('two were recorded');
  const [open] = planRecords([], intent, now, () => 'id').flat();
  if (open === undefined) throw new Error('nothing was opened');
  expect([open.decision, open.resolvedAt]).toEqual(['reported', undefined]);
  const [closed] = planRecords([open], done, now, () => 'another').map((steps) => steps.at(-1));
  expect(closed).toMatchObject({ id: 'id', decision: 'applied', verifiedAt: now.toISOString(), resolvedAt: now.toISOString() });
});

it('records it for the registry where no cluster uses the repository', async () => {
  const { deps, runs } = setUp();
  const repository = { account: '123456789012', region: 'eu-west-1', name: 'unused' };
  expect(await recordImmutability(repository, change, deps, never)).toEqual([]);
  expect(runs.map(({ cluster }) => cluster)).toEqual(['123456789012/eu-west-1']);
});
