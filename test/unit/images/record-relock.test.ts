import { expect, it } from 'vitest';
import { recordRelock } from '../../../lib/images/locks/record-relock.ts';
import type { ImageLock } from '../../../lib/images/types.ts';
import type { RunFacts } from '../../../lib/records/fact.ts';
import { planRecords } from '../../../lib/records/plan-records.ts';
import { clusterRow } from '../../helpers/cluster-row.ts';
import { deployment, rendered } from '../../helpers/workloads.ts';

const [OLD, NEW] = ['a', 'b'].map((digit) => `sha256:${digit.repeat(64)}`) as [string, string];
const now = new Date('2026-01-01T00:00:00Z');
const repository = 'https://git.example/shop.git';
const WEB = 'r.example/web:1';
const before: ImageLock = {
  reference: WEB,
  digest: OLD,
  mediaType: 'x',
  platforms: [],
  resolvedAt: '',
  generation: 1,
  firstRevision: 'a1',
};
const after: ImageLock = { ...before, digest: NEW, generation: 2, relock: 1 };

it('records who relocked what and why for each cluster of the repository that uses it, as something that is done', async () => {
  const runs: RunFacts[] = [];
  const rows = [
    clusterRow('prod-eu', { repository }),
    clusterRow('prod-us', { repository }),
    clusterRow('other', { repository: 'https://git.example/other.git' }),
  ];
  const deps = {
    clusters: { list: async () => rows.map((row) => ({ cluster: row.cluster, row })) },
    state: { list: async () => rows.map(({ cluster }) => ({ cluster, desiredArtifact: cluster })) },
    artifacts: {
      get: async (cluster: string) => ({
        ...rendered('a1', deployment('web', cluster === 'prod-us' ? 'r.example/api:1' : `${WEB}@${OLD}`)),
        ...({ digests: [before], findings: [], blocked: {}, schemaVersion: 1, renderedAt: '' } as const),
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
  const user = 'arn:aws:sts::111122223333:assumed-role/admin/jo';
  const by = { repository, relocked: { before, after }, reason: 'rebuilt on the fixed base', user };
  expect(await recordRelock(by, deps, new AbortController().signal)).toEqual(['prod-eu']);
  const [run] = runs;
  if (run === undefined) throw new Error('nothing was recorded');
  expect(
    planRecords([], run, now, () => 'id')
      .flat()
      .at(-1),
  ).toMatchObject({
    kind: 'image',
    cluster: 'prod-eu',
    object: { kind: 'Deployment', name: 'web' },
    decision: 'applied',
    actor: { user },
    changes: [
      { path: WEB, live: OLD, desired: NEW },
      { path: `${WEB} reason`, desired: 'rebuilt on the fixed base' },
    ],
    resolvedAt: now.toISOString(),
  });
});
