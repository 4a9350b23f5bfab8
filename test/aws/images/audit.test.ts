import { BatchDeleteImageCommand } from '@aws-sdk/client-ecr';
import { expect, it } from 'vitest';
import { type ArtifactInUse, type AuditDependencies, auditImages, type ClusterAudit } from '../../../lib/images/audit.ts';
import { createEcrDetails } from '../../../lib/images/ecr/details.ts';
import { createEcrRegistry } from '../../../lib/images/ecr/ecr.ts';
import type { EcrHost } from '../../../lib/images/ecr/host.ts';
import { lockImages } from '../../../lib/images/locks/lock.ts';
import { createRegistryHttp } from '../../../lib/images/oci/http.ts';
import { type PushTarget, pushImage, pushIndex } from '../../../lib/local/registry.ts';
import type { ObjectRecord } from '../../../lib/records/record.ts';
import { createLockStore } from '../../../lib/storage/lock-table.ts';
import type { LockStore } from '../../../lib/storage/stores.ts';
import { createTagHistoryStore } from '../../../lib/storage/tag-history-table.ts';
import { ecrClient, freshRepository, freshStateTable, testRegistry } from '../../helpers/registry.ts';
import { deployment, rendered } from '../../helpers/workloads.ts';

let deps: AuditDependencies;
let locks: LockStore;
let hour = 0;
const http = createRegistryHttp();
const signal = AbortSignal.timeout(120_000);
const clock = { now: () => new Date(Date.UTC(2026, 0, 1, hour)) };
const at = (hours: number) => new Date(Date.UTC(2026, 0, 1, hours)).toISOString();

async function setUp(): Promise<void> {
  hour = 0;
  const { client, table } = await freshStateTable();
  locks = createLockStore(client, table);
  const registry = createEcrRegistry({ clientFor: () => ecrClient(), settingsCache: new Map(), http, clock });
  deps = { registry, history: createTagHistoryStore(client, table), clock };
}

const imageOf = ({ repository }: PushTarget, tag: string) => `${testRegistry()}/${repository}:${tag}`;

async function inUse(cluster: string, ...images: readonly string[]): Promise<ArtifactInUse> {
  const objects = images.map((image, index) => deployment(`web${index}`, image));
  return { cluster, artifact: await lockImages(rendered('a1', ...objects), 'lock', { registry: deps.registry, locks, clock }, signal) };
}

async function audit(...clusters: readonly ArtifactInUse[]): Promise<ClusterAudit> {
  const [first] = await auditImages(clusters, deps, signal);
  if (first === undefined) throw new Error('no cluster was audited');
  return first;
}

const idsOf = ({ findings }: ClusterAudit) => findings.map(({ id }) => id);

function openRecord(id: string, reference: string): ObjectRecord {
  const object = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web0' };
  const common = { cluster: 'prod-eu', id: '01JGFJJZ00', at: at(0), runId: 'r', revision: 'a1', sequence: 1, event: 'opened' } as const;
  return { ...common, kind: 'image', object, class: id, changes: [{ path: reference }], decision: 'reported' };
}

it('finds a tag that moved in every cluster that uses it, with both digests and their times, until it is moved back', async () => {
  await setUp();
  const web = await freshRepository('IMMUTABLE');
  const mutable = await freshRepository('MUTABLE');
  const image = imageOf(mutable, '1.0');
  const first = await pushImage(mutable, '1.0', { variant: 'first' }, signal);
  await pushImage(web, '1.0', { variant: 'steady' }, signal);
  const clusters = [await inUse('prod-eu', image, imageOf(web, '1.0')), await inUse('prod-us', image)];
  expect(idsOf(await audit(...clusters))).toEqual(['repo.mutable']);

  hour = 5;
  const second = await pushImage(mutable, '1.0', { variant: 'second' }, signal);
  await audit(...clusters);
  hour = 9;
  const audits = await auditImages(clusters, deps, signal);
  expect(audits.map(({ cluster, facts }) => [cluster, facts.map((fact) => fact.class)])).toEqual([
    ['prod-eu', ['tag.moved', 'repo.mutable']],
    ['prod-us', ['tag.moved', 'repo.mutable']],
  ]);
  expect(audits[0]?.findings[0]).toMatchObject({ severity: 'high', reference: image, lockedDigest: first, currentDigest: second });
  expect(audits[0]?.facts[0]).toMatchObject({
    kind: 'image',
    object: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web0' },
    decision: 'reported',
    changes: [
      { path: image, desired: first, live: second },
      { path: `${image} since`, desired: at(0), live: at(5) },
    ],
  });
  expect(audits[0]?.facts[1]?.changes).toEqual([{ path: image, desired: 'IMMUTABLE', live: 'MUTABLE' }]);

  await pushImage(mutable, '1.0', { variant: 'first' }, signal);
  const back = await audit(...clusters);
  expect(idsOf(back)).toEqual(['repo.mutable']);
  expect(back.closes(openRecord('tag.moved', image))).toBe(true);
});

it.each([
  ['an OCI index', pushIndex, 'oci'],
  ['a Docker manifest list', pushIndex, 'docker'],
  ['an OCI manifest', pushImage, 'oci'],
  ['a Docker manifest', pushImage, 'docker'],
] as const)('keeps the first digest of %s in ECR after its tag has moved, and finds both', async (_what, push, format) => {
  await setUp();
  const repository = await freshRepository('MUTABLE');
  const image = imageOf(repository, '1.0');
  const first = await push(repository, '1.0', { variant: 'first', format }, signal);
  const cluster = await inUse('prod-eu', image);
  const second = await push(repository, '1.0', { variant: 'second', format }, signal);
  expect((await inUse('prod-eu', image)).artifact.objects).toEqual([deployment('web0', `${image}@${first}`)]);
  expect((await audit(cluster)).findings).toContainEqual(
    expect.objectContaining({ id: 'tag.moved', lockedDigest: first, currentDigest: second }),
  );
});

it('finds a tag that was deleted and pushed again although its repository is immutable, and keeps its first digest', async () => {
  await setUp();
  const web = await freshRepository('IMMUTABLE');
  const image = imageOf(web, '1.0');
  const first = await pushImage(web, '1.0', { variant: 'first' }, signal);
  const cluster = await inUse('prod-eu', image);
  await expect(pushImage(web, '1.0', { variant: 'second' }, signal)).rejects.toMatchObject({ code: 'TAG_INVALID' });
  expect(idsOf(await audit(cluster))).toEqual([]);

  await ecrClient().send(new BatchDeleteImageCommand({ repositoryName: web.repository, imageIds: [{ imageTag: '1.0' }] }));
  const gone = await audit(cluster);
  expect(gone.findings).toMatchObject([{ id: 'tag.unresolvable', severity: 'critical', reference: image }]);
  expect(gone.facts[0]?.changes).toEqual([{ path: image, desired: first }]);

  const second = await pushImage(web, '1.0', { variant: 'second' }, signal);
  expect((await audit(cluster)).findings).toMatchObject([{ id: 'tag.moved', lockedDigest: first, currentDigest: second }]);
  const next = await lockImages(rendered('b2', deployment('api', image)), 'lock', { registry: deps.registry, locks, clock }, signal);
  expect(next.objects).toEqual([deployment('api', `${image}@${first}`)]);
});

it('finds a digest beside a tag that names another, and one that the registry of the cluster’s own region has not', async () => {
  await setUp();
  const web = await freshRepository('MUTABLE');
  const first = await pushImage(web, '1', { variant: 'first' }, signal);
  const second = await pushImage(web, '1', { variant: 'second' }, signal);
  const clientFor = ({ region }: EcrHost) => ecrClient(undefined, region);
  const contents = createEcrRegistry({ clientFor, settingsCache: new Map(), http, clock });
  deps = { ...deps, registry: contents, details: createEcrDetails({ clientFor, contents, clock }) };
  const pinned = await inUse('prod-eu', `${imageOf(web, '1')}@${first}`);
  expect((await audit(pinned)).findings).toMatchObject([{ id: 'tag.tag-digest-disagree', lockedDigest: first, currentDigest: second }]);
  expect(idsOf(await audit({ ...pinned, region: 'eu-south-2' }))).toEqual(['tag.tag-digest-disagree', 'digest.not-replicated']);
});

it('asks for each tag once, however many clusters use it', async () => {
  await setUp();
  const repositories = [await freshRepository('IMMUTABLE'), await freshRepository('IMMUTABLE')];
  for (const repository of repositories) {
    for (const tag of ['1.0', '1.1']) await pushImage(repository, tag, { variant: `${repository.repository} ${tag}` }, signal);
  }
  const images = repositories.flatMap((repository) => [imageOf(repository, '1.0'), imageOf(repository, '1.1')]);
  const clusters = await Promise.all(['c1', 'c2', 'c3', 'c4', 'c5'].map((cluster) => inUse(cluster, ...images)));
  const calls: string[] = [];
  const counted = ecrClient();
  counted.middlewareStack.add((next, context) => (args) => {
    calls.push(context.commandName ?? '');
    return next(args);
  });
  deps = { ...deps, registry: createEcrRegistry({ clientFor: () => counted, settingsCache: new Map(), http, clock }) };
  await audit(...clusters);
  expect(calls.toSorted()).toEqual([
    'BatchGetImageCommand',
    'BatchGetImageCommand',
    'DescribePullThroughCacheRulesCommand',
    'DescribeRegistryCommand',
    'DescribeRepositoriesCommand',
    'DescribeRepositoryCreationTemplatesCommand',
  ]);
  await audit(...clusters);
  expect(calls.filter((name) => name === 'DescribeRepositoriesCommand')).toHaveLength(1);
});

it('calls what it could not ask unverifiable, and closes nothing for it', async () => {
  await setUp();
  const web = await freshRepository('MUTABLE');
  const image = imageOf(web, 'latest');
  await pushImage(web, 'latest', { variant: 'first' }, signal);
  const cluster = await inUse('prod-eu', image);
  const down = ecrClient('http://127.0.0.1:9');
  deps = { ...deps, registry: createEcrRegistry({ clientFor: () => down, settingsCache: new Map(), http, clock }) };
  const blind = await audit(cluster);
  expect(blind.findings.map(({ id, reference }) => [id, reference])).toEqual([
    ['ref.latest', image],
    ['run.unverifiable', image],
  ]);
  for (const id of ['tag.moved', 'tag.unresolvable', 'repo.mutable']) {
    expect(blind.closes(openRecord(id, image)), id).toBe(false);
    expect(blind.closes(openRecord(id, imageOf(web, 'no-longer-used'))), id).toBe(true);
  }
  expect(blind.closes(openRecord('ref.invalid', image))).toBe(true);
  expect(blind.closes({ ...openRecord('value', image), kind: 'drift' })).toBe(false);
});
