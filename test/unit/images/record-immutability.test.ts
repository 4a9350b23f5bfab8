import { expect, it } from 'vitest';
import { recordImmutability } from '../../../lib/images/record-immutability.ts';
import type { RunFacts } from '../../../lib/records/fact.ts';
import { planRecords } from '../../../lib/records/plan-records.ts';
import { clusterRow } from '../../helpers/cluster-row.ts';
import { deployment, rendered } from '../../helpers/workloads.ts';

const ECR = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const now = new Date('2026-01-01T00:00:00Z');

it('records what the settings of a repository were and are for each cluster that uses it, as something that is done', async () => {
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
  const change = {
    before: { mutability: 'MUTABLE', exclusions: [] },
    after: { mutability: 'IMMUTABLE_WITH_EXCLUSION', exclusions: ['dev-*'] },
    applied: true,
  } as const;
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
