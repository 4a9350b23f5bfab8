import { createHash } from 'node:crypto';
import { beforeAll, expect, it } from 'vitest';
import { parseRow } from '../../../lib/fleet/parse-row.ts';
import { type AuditedCluster, auditPods, type PodAudit, type PodAuditDependencies } from '../../../lib/images/audit-pods.ts';
import { AUTO_REROLL_INTERVAL_MS, rerollMismatch } from '../../../lib/images/auto-reroll.ts';
import { createEcrRegistry } from '../../../lib/images/ecr.ts';
import { createRegistryHttp, type RegistryHttp } from '../../../lib/images/registry-http.ts';
import { type RerollTarget, rerollWorkload, restartThroughTemplate } from '../../../lib/images/reroll.ts';
import { tracePod } from '../../../lib/images/trace.ts';
import { bearerToken, createKubernetesClient } from '../../../lib/kubernetes/index.ts';
import { type PushTarget, pushImage, pushIndex } from '../../../lib/local/registry.ts';
import { createImageContentStore } from '../../../lib/storage/image-content-table.ts';
import { adminToken, callCluster, testCluster, testEnvironment } from '../../helpers/environment.ts';
import { memoryLeaseStore } from '../../helpers/memory-stores.ts';
import { ecrClient, freshRepository, freshStateTable, testRegistry } from '../../helpers/registry.ts';
import { deployment } from '../../helpers/workloads.ts';
import { type PlayedPods, playPods } from './played-pods.ts';

const signal = AbortSignal.timeout(600_000);
let hour = 0;
const clock = { now: () => new Date(Date.UTC(2026, 0, 1, hour)) };
let played: PlayedPods;
let amd64: string;
let deps: PodAuditDependencies;
let calls: string[];

/** The emulator names a host for blobs that nothing here can reach; its own registry has them. */
function emulatorHttp(): RegistryHttp {
  const http = createRegistryHttp();
  return (request, within) => {
    const { endpointUrl } = { endpointUrl: testEnvironment().aws.AWS_ENDPOINT_URL ?? '' };
    calls.push(`config ${request.url.pathname}`);
    const own = new URL(`${request.url.pathname}${request.url.search}`, endpointUrl);
    return http({ ...request, url: own, allowPrivate: true }, within);
  };
}

async function freshDependencies(): Promise<PodAuditDependencies> {
  const { client, table } = await freshStateTable();
  const ecr = ecrClient();
  ecr.middlewareStack.add((next, context) => (args) => {
    calls.push(context.commandName ?? '');
    return next(args);
  });
  const token = await adminToken(testCluster('prod-eu'));
  const { endpoint, certificateAuthority } = testCluster('prod-eu');
  return {
    connect: async () => createKubernetesClient({ endpoint, certificateAuthority, authentication: bearerToken(token, 'test') }),
    contents: createEcrRegistry({ clientFor: () => ecr, settingsCache: new Map(), http: emulatorHttp(), clock }),
    store: createImageContentStore(client, table),
    seen: new Map(),
    clock,
  };
}

beforeAll(async () => {
  played = await playPods();
  amd64 = await played.node('amd64');
});

async function setUp(): Promise<void> {
  calls = [];
  hour = 0;
  deps = await freshDependencies();
}

function clusterWith(name: string, ...workloads: readonly string[]): AuditedCluster {
  const entry = parseRow({ cluster: name, eksName: name, region: 'eu-west-1', repository: 'https://git.example/shop.git' });
  if (!('row' in entry)) throw new Error(entry.invalid.message);
  const objects = workloads.map((workload) => ({
    ...deployment(workload, 'x'),
    metadata: { name: workload, namespace: played.namespace },
  }));
  return { row: entry.row, artifact: { objects } };
}

async function audit(...workloads: readonly string[]): Promise<Exclude<PodAudit, { readonly failure: unknown }>> {
  const found = (await auditPods([clusterWith('prod-eu', ...workloads)], deps, signal)).get('prod-eu');
  if (found === undefined || 'failure' in found) throw new Error(JSON.stringify(found));
  return found;
}

/** Finding → where, without what is true of every image of these tests: no commit label. */
const linesOf = ({
  facts,
}: {
  readonly facts: readonly { readonly class: string; readonly changes: readonly { readonly path: string }[] }[];
}) =>
  facts
    .filter(({ class: id }) => id !== 'prov.no-commit')
    .map(({ class: id, changes }) => `${id} ${changes[0]?.path.replace(`${played.namespace}/`, '')}`)
    .sort();

/** As of a registry that knows nothing of an image beside its bytes. */
const noDetails = { details: async () => new Map() };
const nameOf = ({ repository }: PushTarget) => `${testRegistry()}/${repository}`;
const unknown = `sha256:${createHash('sha256').update('nobody').digest('hex')}`;

it('tells match, alias, mismatch, split, unverifiable and wrong platform apart, and raises nothing in a rollout', async () => {
  await setUp();
  const web = await freshRepository('MUTABLE');
  const mirror = await freshRepository('MUTABLE');
  const index = await pushIndex(web, '1', { variant: 'one' }, signal);
  const next = await pushIndex(web, '2', { variant: 'two' }, signal);
  const single = await pushImage(web, '3', { variant: 'one' }, signal);
  const arm = await pushImage(web, '4', { variant: 'one', architecture: 'arm64' }, signal);
  const copy = await pushImage(mirror, '1', { variant: 'one', format: 'docker' }, signal);
  const evil = await pushImage(mirror, '2', { variant: 'evil' }, signal);
  const image = `${nameOf(web)}:1@${index}`;
  const at = (digest: string, where = web) => ({ imageId: `${nameOf(where)}@${digest}` });

  await played.replicas('match', amd64, image, [
    at(index),
    at(index, mirror),
    at(single),
    { imageId: `docker-pullable://${nameOf(web)}@${index}` },
  ]);
  await played.replicas('alias', amd64, image, [at(copy, mirror)]);
  await played.replicas('mismatch', amd64, image, [at(evil, mirror)]);
  await played.replicas('split', amd64, image, [at(index), at(evil, mirror)]);
  await played.replicas('unverifiable', amd64, image, [at(unknown)]);
  await played.replicas('platform', amd64, image, [at(arm)]);
  await played.replicas('rollout', amd64, image, [at(index), at(index)]);
  await played.replicas('rollout', amd64, `${nameOf(web)}:2@${next}`, [at(next), { imageId: '' }]);
  await played.replicas('not-ours', amd64, image, [at(evil, mirror)]);

  const found = await audit('match', 'alias', 'mismatch', 'split', 'unverifiable', 'platform', 'rollout');
  const verdictsOf = (workload: string) =>
    found.verdicts
      .filter(({ path }) => path.includes(`/${workload} [`))
      .map(({ verdict }) => verdict)
      .sort();
  expect(
    Object.fromEntries(
      ['match', 'alias', 'mismatch', 'split', 'unverifiable', 'platform', 'rollout', 'not-ours'].map((name) => [name, verdictsOf(name)]),
    ),
  ).toEqual({
    match: ['match', 'match', 'match', 'match'],
    alias: ['alias'],
    mismatch: ['mismatch'],
    split: ['match', 'mismatch'],
    unverifiable: ['unverifiable'],
    platform: ['wrong-platform'],
    rollout: ['match', 'match', 'match'],
    'not-ours': [],
  });
  expect(linesOf(found)).toEqual([
    'ref.platform-pin Deployment platform [app]',
    'run.mismatch Deployment mismatch [app]',
    'run.mismatch Deployment split [app]',
    'run.split Deployment split [app]',
    'run.unverifiable Deployment unverifiable [app]',
  ]);
  const mismatch = found.facts.find(({ class: id, object }) => id === 'run.mismatch' && object.name === 'mismatch');
  expect(mismatch).toMatchObject({
    object: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: played.namespace },
    changes: [{ desired: index, live: `${nameOf(mirror)}@${evil}` }, { live: `${nameOf(mirror)}@${evil}` }],
  });
});

it('finds pods that were changed after they were made: patched images, debug containers, injected ones and copies', async () => {
  await setUp();
  const web = await freshRepository('MUTABLE');
  const digest = await pushImage(web, '1', { variant: 'web' }, signal);
  const image = `${nameOf(web)}:1@${digest}`;
  const run = { imageId: `${nameOf(web)}@${digest}` };
  await played.replicas('patched', amd64, image, [{ ...run, spec: 'evil.example/web:1' }]);
  const [debugged = ''] = await played.replicas('debugged', amd64, image, [run]);
  await played.debug(debugged, 'busybox:1');
  await played.loose('copy', image);
  await played.loose('stranger', 'busybox:1');
  await played.replicas('writable', amd64, `${nameOf(web)}:1`, [run], { securityContext: {} });
  expect(linesOf(await audit('patched', 'debugged', 'writable'))).toEqual([
    'fs.writable Deployment writable [app]',
    'pod.debug-copy Pod copy',
    'pod.ephemeral Deployment debugged [debugger]',
    'pod.image-patched Deployment patched [app]',
    'pull.hazard Deployment writable [app]',
  ]);
});

it('raises the alarm when an image that runs is not in its registry any more, and when a node has no image', async () => {
  await setUp();
  const web = await freshRepository('MUTABLE');
  const gone = `${nameOf(web)}:1@${unknown}`;
  await played.replicas('gone', amd64, gone, [{ imageId: `${nameOf(web)}@${unknown}` }]);
  const index = await pushIndex(web, '2', { variant: 'two' }, signal);
  await played.replicas('power', await played.node('ppc64le'), `${nameOf(web)}:2@${index}`, [{ imageId: `${nameOf(web)}@${index}` }]);
  const found = await audit('gone', 'power');
  expect(linesOf(found)).toEqual(['digest.missing Deployment gone [app]', 'ref.no-platform Deployment power [app]']);
});

it('traces a pod from its commit to the bytes on its node', async () => {
  await setUp();
  const web = await freshRepository('MUTABLE');
  const index = await pushIndex(web, '1', { variant: 'traced' }, signal);
  const reference = `${nameOf(web)}:1`;
  const [pod = ''] = await played.replicas('traced', amd64, `${reference}@${index}`, [{ imageId: `${nameOf(web)}@${index}` }]);
  const lock = {
    reference,
    digest: index,
    mediaType: 'x',
    platforms: [],
    resolvedAt: '2026-01-01T00:00:00Z',
    generation: 1,
    firstRevision: 'a1',
  };
  const cluster = clusterWith('prod-eu', 'traced');
  const traced = { ...cluster, artifact: { ...cluster.artifact, digests: [lock], revision: 'b2' } };
  const [trace] = await tracePod(traced, { namespace: played.namespace, name: pod }, deps, signal);
  expect(trace).toMatchObject({
    container: 'app',
    revision: 'b2',
    reference,
    lock: { digest: index, firstRevision: 'a1' },
    desired: index,
    children: { 'linux/amd64': expect.stringMatching(/^sha256:/), 'linux/arm64/v8': expect.stringMatching(/^sha256:/) },
    config: expect.stringMatching(/^sha256:/),
    node: amd64,
    platform: 'linux/amd64',
    verdict: 'match',
  });
  await expect(tracePod(traced, { namespace: played.namespace, name: 'nobody' }, deps, signal)).rejects.toMatchObject({
    reason: 'PodNotFound',
  });
});

it('restarts a workload that runs other bytes through its template, once, under its own field manager', async () => {
  await setUp();
  const web = await freshRepository('MUTABLE');
  const digest = await pushImage(web, '1', { variant: 'good' }, signal);
  const evil = await pushImage(web, '2', { variant: 'evil' }, signal);
  const image = `${nameOf(web)}:1@${digest}`;
  await played.deployment('rerolled', image);
  await played.deployment('healthy', image);
  await played.replicas('rerolled', amd64, image, [{ imageId: `${nameOf(web)}@${evil}` }]);
  await played.replicas('healthy', amd64, image, [{ imageId: `${nameOf(web)}@${digest}` }]);
  const cluster = clusterWith('prod-eu', 'rerolled', 'healthy');
  const enforced = { ...cluster, row: { ...cluster.row, mode: 'enforce' as const } };
  const target = (name: string) => ({ kind: 'Deployment' as const, namespace: played.namespace, name });
  const reroll = { ...deps, details: noDetails, leases: memoryLeaseStore(clock), owner: 'test', fieldManager: 'image-reroll-plumbline' };

  await expect(rerollWorkload(cluster, target('rerolled'), reroll, signal)).rejects.toMatchObject({ reason: 'NotEnforced' });
  await expect(rerollWorkload(enforced, target('healthy'), reroll, signal)).rejects.toMatchObject({ reason: 'NoMismatch' });
  const at = await rerollWorkload(enforced, target('rerolled'), reroll, signal);
  const live = await played.read('rerolled');
  expect(live).toMatchObject({
    metadata: {
      managedFields: expect.arrayContaining([expect.objectContaining({ manager: 'image-reroll-plumbline', operation: 'Apply' })]),
    },
    spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': at } }, spec: { containers: [{ image }] } } },
  });
  await expect(rerollWorkload(enforced, target('rerolled'), reroll, signal)).rejects.toMatchObject({ reason: 'RestartedJustNow' });
});

it('restarts by itself what runs other bytes, where Git asks for it, and not while a PodDisruptionBudget lets no pod go', async () => {
  await setUp();
  const web = await freshRepository('MUTABLE');
  const digest = await pushImage(web, '1', { variant: 'good' }, signal);
  const evil = await pushImage(web, '2', { variant: 'evil' }, signal);
  const image = `${nameOf(web)}:1@${digest}`;
  await played.deployment('auto', image);
  await played.replicas('auto', amd64, image, [{ imageId: `${nameOf(web)}@${evil}` }]);
  const cluster = clusterWith('prod-eu', 'auto');
  const asked = {
    row: { ...cluster.row, mode: 'enforce' as const },
    artifact: { ...cluster.artifact, settings: { images: { reroll: 'on-mismatch' as const } } },
  };
  const restarts = { ...deps, details: noDetails, leases: memoryLeaseStore(clock), owner: 'test', fieldManager: 'image-reroll-plumbline' };
  const reroll = async () => {
    const { facts } = await audit('auto');
    const restart = (row: AuditedCluster['row'], target: RerollTarget) =>
      restartThroughTemplate(row, target, { workloadMs: AUTO_REROLL_INTERVAL_MS }, restarts, signal);
    return await rerollMismatch(asked, facts, { mayWrite: () => true, restart }, signal);
  };
  const budgets = `/apis/policy/v1/namespaces/${played.namespace}/poddisruptionbudgets`;
  const budget = {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'auto' },
    spec: { selector: {}, minAvailable: 1 },
  };
  const token = await adminToken(testCluster('prod-eu'));
  // Nobody plays its controller here, so no pod may go.
  await callCluster(testCluster('prod-eu'), token, 'POST', budgets, budget);
  expect(await reroll()).toMatchObject([{ target: { name: 'auto' }, refused: { reason: 'DisruptionBudget' } }]);
  await callCluster(testCluster('prod-eu'), token, 'DELETE', `${budgets}/auto`);
  const [outcome] = await reroll();
  expect(outcome).toMatchObject({ target: { kind: 'Deployment', name: 'auto' }, restartedAt: expect.any(String) });
  const annotations = { 'kubectl.kubernetes.io/restartedAt': outcome !== undefined && 'restartedAt' in outcome ? outcome.restartedAt : '' };
  expect(await played.read('auto')).toMatchObject({ spec: { template: { metadata: { annotations }, spec: { containers: [{ image }] } } } });
  expect(await reroll()).toMatchObject([{ refused: { reason: 'RestartedJustNow' } }]);
  hour += 1;
  expect(await reroll()).toMatchObject([{ restartedAt: expect.any(String) }]);
});

it('says nothing of a cluster that cannot be read, and goes on with the others', async () => {
  await setUp();
  const refused = async () => createKubernetesClient({ ...testCluster('prod-eu'), authentication: bearerToken('nobody', 'test') });
  const connect = deps.connect;
  const mixed = {
    ...deps,
    connect: ((row, within) => (row.cluster === 'dark' ? refused() : connect(row, within))) satisfies typeof connect,
  };
  const audits = await auditPods([clusterWith('dark', 'web'), clusterWith('prod-eu', 'web')], mixed, signal);
  expect(audits.get('dark')).toMatchObject({ failure: { reason: 'Unauthorized' } });
  expect(audits.get('prod-eu')).toMatchObject({ facts: [] });
});

it('reads 40 images of 300 pods in three clusters with two calls, and again with one an hour later and none before', async () => {
  await setUp();
  const repositories = [await freshRepository('MUTABLE'), await freshRepository('MUTABLE')];
  const images: { readonly template: string; readonly imageId: string }[] = [];
  for (let number = 0; number < 40; number += 1) {
    const repository = repositories[number % 2];
    if (repository === undefined) throw new Error('there are two');
    const digest = await pushIndex(repository, `v${number}`, { variant: `image ${number}` }, signal);
    images.push({ template: `${nameOf(repository)}:v${number}@${digest}`, imageId: `${nameOf(repository)}@${digest}` });
  }
  const workloads = images.map((_image, number) => `many-${number}`);
  for (const [number, { template, imageId }] of images.entries()) {
    await played.replicas(`many-${number}`, amd64, template, Array(number < 20 ? 8 : 7).fill({ imageId }));
  }
  const clusters = ['one', 'two', 'three'].map((name) => clusterWith(name, ...workloads));
  const sums = async () => {
    calls.length = 0;
    const audits = await auditPods(clusters, deps, signal);
    for (const found of audits.values()) {
      if ('failure' in found) throw new Error(found.failure.message);
      expect(found.verdicts.filter(({ verdict }) => verdict === 'match')).toHaveLength(300);
      expect(linesOf(found)).toEqual([]);
    }
    const count = (name: string) => calls.filter((call) => call.startsWith(name)).length;
    return { batches: count('BatchGetImage'), configs: count('config'), urls: count('GetDownloadUrlForLayer') };
  };
  expect(await sums()).toEqual({ batches: 4, configs: 40, urls: 40 });
  expect(await sums()).toEqual({ batches: 0, configs: 0, urls: 0 });
  hour += 2;
  expect(await sums()).toEqual({ batches: 2, configs: 0, urls: 0 });
  deps = { ...deps, seen: new Map() };
  expect(await sums()).toEqual({ batches: 2, configs: 0, urls: 0 });
});
