import { expect, it } from 'vitest';
import { findInPods } from '../../../lib/images/pods/pod-findings.ts';
import { type ImageContents, type ImageRegistry, lookUpApart } from '../../../lib/images/registry/registry.ts';
import { auditError, type RunAuditDependencies, runAudit } from '../../../lib/images/run-audit.ts';
import type { Fact, RunFacts } from '../../../lib/records/fact.ts';
import type { ObjectRecord } from '../../../lib/records/record.ts';
import type { Artifact } from '../../../lib/source/artifact.ts';
import { clusterRow } from '../../helpers/cluster-row.ts';
import { playedRegistry } from '../../helpers/live-pods.ts';
import { deployment, rendered } from '../../helpers/workloads.ts';

const NOTHING_KNOWN = { graph: new Map(), standing: new Map(), lastSeen: () => undefined, builds: new Map() };
const never = new AbortController().signal;
const IMAGE = '123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1';

const apart: ImageRegistry & ImageContents = {
  ...playedRegistry(),
  resolve: async (references) =>
    new Map(references.map(({ text }) => [text, { state: 'missing', failure: { reason: 'ImageNotFound', message: 'gone' } }])),
  settings: async () => new Map(),
};
const registry = { ...apart, lookUp: lookUpApart(apart) };

function fleet(
  recorded: RunFacts[],
  failing: readonly string[] = [],
): { readonly deps: RunAuditDependencies; readonly loaded: string[]; readonly audited: string[] } {
  const loaded: string[] = [];
  const audited: string[] = [];
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
    },
    state: {
      list: async () => Object.entries(desired).map(([cluster, desiredArtifact]) => ({ cluster, desiredArtifact })),
      update: async (cluster, patch) => void audited.push(`${cluster} ${JSON.stringify(patch)}`),
    },
    artifacts: {
      get: async (digest) => {
        loaded.push(digest);
        if (digest === 'sha256:gone') throw new Error('no such artifact');
        return artifact;
      },
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
  return { deps, loaded, audited };
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

it("is no failure of the audit that a cluster's pods cannot be read, but a finding of that cluster", async () => {
  const recorded: RunFacts[] = [];
  const { deps, audited } = fleet(recorded);
  const failure = { reason: 'Unreachable', message: 'nobody answers' };
  const outcomes = await runAudit({ ...deps, auditPods: async () => new Map([['prod-eu', { failure }]]) }, never);
  expect(outcomes).toContainEqual({ cluster: 'prod-eu', findings: 2, podFailure: failure });
  expect(audited).toEqual([]);
  const [first] = recorded;
  expect(first?.facts[1]).toMatchObject({
    object: { kind: 'Cluster', name: 'prod-eu' },
    class: 'run.unverifiable',
    changes: [{ path: 'Cluster prod-eu [pods]', live: 'Unreachable' }],
    error: { reason: 'run.unverifiable', message: expect.stringContaining('(Unreachable: nobody answers)') },
  });
  expect(auditError(outcomes.filter(({ cluster }) => cluster !== 'broken'))).toBeUndefined();
});

it('keeps that the pods of a cluster could not be read open until they are, and says when they were', async () => {
  const recorded: RunFacts[] = [];
  const { deps, audited } = fleet(recorded);
  const open: ObjectRecord = { ...openRecord('run.unverifiable'), changes: [{ path: 'Cluster prod-eu [pods]', live: 'Unreachable' }] };
  await runAudit(deps, never, { clusters: ['prod-eu'] });
  expect([recorded[0]?.closes(open), audited]).toEqual([false, []]);
  const read = findInPods({ pods: [], copies: [], untold: [], meant: [], allowed: [], platforms: [] }, NOTHING_KNOWN);
  await runAudit({ ...deps, auditPods: async () => new Map([['prod-eu', read]]) }, never, { clusters: ['prod-eu'] });
  expect([recorded[1]?.closes(open), audited]).toEqual([true, ['prod-eu {"nodePlatforms":[],"auditedAt":"2026-01-01T00:00:00.000Z"}']]);
});

it('asks for tags and for digests of pods in one call, and for tags alone where no pods are looked at', async () => {
  const calls: string[] = [];
  const digest = { registry: 'r', repository: 'web', digest: 'sha256:a' };
  const counting: RunAuditDependencies['registry'] = {
    ...registry,
    resolve: (references, signal) => {
      calls.push(`tags ${references.length}`);
      return registry.resolve(references, signal);
    },
    manifests: (images, signal) => {
      calls.push(`digests ${images.length}`);
      return registry.manifests(images, signal);
    },
    lookUp: (tags, images, signal) => {
      calls.push(`both ${tags.length} ${images.length}`);
      return registry.lookUp(tags, images, signal);
    },
  };
  const { deps } = fleet([]);
  const auditPods: RunAuditDependencies['auditPods'] = async (_clusters, contents, signal) => {
    await contents.manifests([digest], signal);
    await contents.manifests([digest], signal);
    return new Map();
  };
  await runAudit({ ...deps, registry: counting, auditPods }, never, { clusters: ['prod-eu'] });
  await runAudit({ ...deps, registry: counting }, never, { clusters: ['prod-eu'] });
  expect(calls).toEqual(['both 1 1', 'digests 1', 'tags 1']);
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

/** The fleet with this `images` section in its plumbline.yaml, whose pods have these findings. */
function fleetThatSays(images: NonNullable<NonNullable<Artifact['settings']>['images']>, ...ids: readonly string[]) {
  const recorded: RunFacts[] = [];
  const { deps } = fleet(recorded);
  const facts = ids.map((id): Fact => {
    const object = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' };
    const changes = [{ path: 'Deployment shop/web [c0]' }];
    return { kind: 'image', object, class: id, changes, decision: 'reported', error: { reason: id, message: 'Found.' } };
  });
  const withSettings: RunAuditDependencies = {
    ...deps,
    artifacts: { get: async (digest) => ({ ...(await deps.artifacts.get(digest)), settings: { images } }) },
    auditPods: async (clusters) =>
      new Map(clusters.map(({ row }) => [row.cluster, { facts, platforms: [], verdicts: [], closes: () => true }])),
  };
  return { deps: withSettings, recorded };
}

function openRecord(id: string, at = '2026-01-01T00:00:00Z'): ObjectRecord {
  const object = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' };
  const common = { cluster: 'prod-eu', id: 'r', at, runId: 'r', revision: 'a1', sequence: 1, event: 'opened' } as const;
  return { ...common, kind: 'image', object, class: id, changes: [{ path: 'elsewhere' }], decision: 'reported' };
}

it('records what plumbline.yaml does not ignore, says what it blocks, and closes what it ignores from now on', async () => {
  const policy = { 'run.split': 'ignore', 'fs.writable': 'block', 'prov.no-commit': 'report' } as const;
  const found = ['run.split', 'fs.writable', 'prov.no-commit', 'sig.missing', 'pod.ephemeral'];
  const { deps, recorded } = fleetThatSays({ policy }, ...found);
  await runAudit(deps, never, { clusters: ['prod-eu'] });
  const [run] = recorded;
  expect(run?.facts.map((fact) => [fact.class, fact.decision])).toEqual([
    ['tag.unresolvable', 'reported'],
    ['fs.writable', 'blocked'],
    ['prov.no-commit', 'reported'],
    ['pod.ephemeral', 'reported'],
  ]);
  expect(run?.closes(openRecord('run.split'))).toBe(true);
});

it('keeps open for a day that somebody was in a container', async () => {
  const { deps, recorded } = fleetThatSays({});
  await runAudit(deps, never, { clusters: ['prod-eu'] });
  expect(recorded[0]?.closes(openRecord('pod.exec'))).toBe(false);
  expect(recorded[0]?.closes(openRecord('pod.exec', '2025-12-30T00:00:00Z'))).toBe(true);
});

it('audits those clusters alone that are named, or that use a repository', async () => {
  const { deps, recorded } = fleetThatSays({});
  await runAudit(deps, never, { clusters: ['prod-us'] });
  const changed = { account: '123456789012', region: 'eu-west-1' };
  await runAudit(deps, never, { repository: { ...changed, name: 'api' } });
  expect(recorded.map(({ cluster }) => cluster)).toEqual(['prod-us']);
  await runAudit(deps, never, { repository: { ...changed, name: 'web' } });
  expect(recorded.map(({ cluster }) => cluster)).toEqual(['prod-us', 'prod-eu', 'prod-us']);
});

it('records what was restarted, and restarts nothing in clusters whose pods were not read', async () => {
  const { deps, recorded } = fleetThatSays({ reroll: 'on-mismatch' }, 'run.mismatch');
  const asked: string[] = [];
  const reroll: RunAuditDependencies['reroll'] = async ({ row }, facts) => {
    asked.push(`${row.cluster} ${facts.map((fact) => fact.class)}`);
    return [{ target: { kind: 'Deployment', namespace: 'shop', name: 'web' }, restartedAt: '2026-01-01T00:00:00Z' }];
  };
  await runAudit({ ...deps, reroll }, never, { clusters: ['prod-eu'] });
  expect(recorded[0]?.facts.map((fact) => [fact.class, fact.decision])).toEqual([
    ['tag.unresolvable', 'reported'],
    ['run.mismatch', 'applied'],
  ]);
  await runAudit({ ...deps, reroll, auditPods: async () => new Map() }, never, { clusters: ['prod-us'] });
  expect(asked).toEqual(['prod-eu tag.unresolvable,run.mismatch']);
});

it("leaves the platforms of a cluster's nodes for its runs, with the time at which they were seen", async () => {
  const { deps, audited } = fleet([]);
  const platforms = [
    { os: 'linux', architecture: 'arm64' },
    { os: 'linux', architecture: 'amd64' },
  ];
  const auditPods = async () => new Map([['prod-eu', { facts: [], platforms, verdicts: [], closes: () => true }]]);
  await runAudit({ ...deps, auditPods }, never);
  expect(audited).toEqual(['prod-eu {"nodePlatforms":["linux/amd64","linux/arm64"],"auditedAt":"2026-01-01T00:00:00.000Z"}']);
});
