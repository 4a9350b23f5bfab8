import { expect, it } from 'vitest';
import type { ImageRegistry } from '../../../lib/images/registry.ts';
import { auditError, type RunAuditDependencies, runAudit } from '../../../lib/images/run-audit.ts';
import type { RunFacts } from '../../../lib/records/fact.ts';
import type { Artifact } from '../../../lib/source/artifact.ts';
import { clusterRow } from '../../helpers/cluster-row.ts';
import { deployment, rendered } from '../../helpers/workloads.ts';

const never = new AbortController().signal;
const IMAGE = '123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1';

const registry: ImageRegistry = {
  resolve: async (references) =>
    new Map(references.map(({ text }) => [text, { state: 'missing', failure: { reason: 'ImageNotFound', message: 'gone' } }])),
  settings: async () => new Map(),
};

function fleet(recorded: RunFacts[], failing: readonly string[] = []): { readonly deps: RunAuditDependencies; readonly loaded: string[] } {
  const loaded: string[] = [];
  const artifact: Artifact = {
    ...rendered('a1', deployment('web', IMAGE)),
    schemaVersion: 1,
    renderedAt: '2026-01-01T00:00:00Z',
    digests: [],
    findings: [],
    blocked: {},
  };
  const names = ['prod-eu', 'prod-us', 'broken', 'new', 'typo'];
  const desired: Readonly<Record<string, string>> = {
    'prod-eu': 'sha256:a',
    'prod-us': 'sha256:a',
    broken: 'sha256:gone',
    typo: 'sha256:a',
  };
  const unused = () => Promise.reject(new Error('an audit does not write this'));
  const deps: RunAuditDependencies = {
    clusters: {
      list: async () =>
        names.map((cluster) =>
          cluster === 'typo' ? { cluster, invalid: { reason: 'InvalidRow', message: 'mode: on' } } : { cluster, row: clusterRow(cluster) },
        ),
      get: unused,
      put: unused,
      update: unused,
      delete: unused,
    },
    state: {
      list: async () => Object.entries(desired).map(([cluster, desiredArtifact]) => ({ cluster, desiredArtifact })),
      get: unused,
      update: unused,
      pinClusterUid: unused,
      delete: unused,
    },
    artifacts: {
      get: async (digest) => {
        loaded.push(digest);
        if (digest === 'sha256:gone') throw new Error('no such artifact');
        return artifact;
      },
      put: unused,
      getInventory: unused,
      putInventory: unused,
      getCheckpoint: unused,
      putCheckpoint: unused,
      putApiVersions: unused,
      getApiVersions: unused,
    },
    registry,
    auditPods: async () => new Map(),
    history: { last: async () => new Map(), append: unused },
    recorder: {
      record: async (run) => {
        if (failing.includes(run.cluster)) throw new Error('the table is throttled');
        recorded.push(run);
        return [];
      },
    },
    clock: { now: () => new Date('2026-01-01T00:00:00Z') },
    newRunId: () => '01JGFJJZ00',
  };
  return { deps, loaded };
}

it('records the findings of every cluster with a desired artifact, and loads an artifact that several share once', async () => {
  const recorded: RunFacts[] = [];
  const { deps, loaded } = fleet(recorded);
  expect(await runAudit(deps, never)).toEqual([
    { cluster: 'broken', failure: { reason: 'Unexpected', message: 'no such artifact' } },
    { cluster: 'prod-eu', findings: 1 },
    { cluster: 'prod-us', findings: 1 },
  ]);
  expect(loaded).toEqual(['sha256:a', 'sha256:gone']);
  expect(
    recorded.map(({ cluster, revision, startedAt, facts }) => [cluster, revision, startedAt, facts.map((fact) => fact.class)]),
  ).toEqual([
    ['prod-eu', 'a1', '2026-01-01T00:00:00.000Z', ['tag.unresolvable']],
    ['prod-us', 'a1', '2026-01-01T00:00:00.000Z', ['tag.unresolvable']],
  ]);
  expect(recorded.every((run) => run.run === undefined)).toBe(true);
});

it('goes on with the other clusters when one cannot be recorded', async () => {
  const recorded: RunFacts[] = [];
  const { deps } = fleet(recorded, ['prod-eu']);
  expect(await runAudit(deps, never)).toContainEqual({
    cluster: 'prod-eu',
    failure: { reason: 'Unexpected', message: 'the table is throttled' },
  });
  expect(recorded.map(({ cluster }) => cluster)).toEqual(['prod-us']);
});

it('fails in the end when a table did not give or take what is of one cluster, and says of how many', async () => {
  const some = await runAudit(fleet([], ['prod-eu']).deps, never);
  const none = await runAudit(fleet([], ['prod-eu', 'prod-us']).deps, never);
  expect(auditError([])).toBeUndefined();
  expect(auditError(some)).toMatchObject({
    reason: 'PartlyAudited',
    message: expect.stringMatching(/^audit: the images of 2 of 3 clusters could not .* The first says: no such artifact$/),
  });
  expect(auditError(none)).toMatchObject({
    reason: 'NothingAudited',
    message: 'audit: the images of none of 3 clusters could be compared. The first says: no such artifact',
  });
});

it("is no failure of the audit that a cluster's pods cannot be read", async () => {
  const { deps } = fleet([]);
  const failure = { reason: 'Unreachable', message: 'nobody answers' };
  const outcomes = await runAudit({ ...deps, auditPods: async () => new Map([['prod-eu', { failure }]]) }, never);
  expect(outcomes).toContainEqual({ cluster: 'prod-eu', findings: 1, podFailure: failure });
  expect(auditError(outcomes.filter(({ cluster }) => cluster !== 'broken'))).toBeUndefined();
});

it('audits references, and fails in the end, where what images contain cannot be read', async () => {
  const recorded: RunFacts[] = [];
  const { deps } = fleet(recorded);
  const outcomes = await runAudit({ ...deps, auditPods: () => Promise.reject(new Error('the table is throttled')) }, never);
  const notKept = { reason: 'Unexpected', message: 'the table is throttled' };
  expect(outcomes.slice(1)).toEqual([
    { cluster: 'prod-eu', findings: 1, notKept },
    { cluster: 'prod-us', findings: 1, notKept },
  ]);
  expect(recorded.map(({ cluster }) => cluster)).toEqual(['prod-eu', 'prod-us']);
  expect(auditError(outcomes)?.reason).toBe('PartlyAudited');
});
