import { randomUUID } from 'node:crypto';
import { beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { digestKey, type ImageDigest, type ManifestAnswer } from '../../../lib/images/registry/registry.ts';
import { AUTO_REROLL_INTERVAL_MS, CLUSTER_REROLL_INTERVAL_MS } from '../../../lib/images/reroll/auto-reroll.ts';
import {
  REROLL_INTERVAL_MS,
  type RerollKind,
  type RestartDependencies,
  restartThroughTemplate,
} from '../../../lib/images/reroll/reroll.ts';
import { bearerToken, createKubernetesClient } from '../../../lib/kubernetes/index.ts';
import { clusterRow } from '../../helpers/cluster-row.ts';
import { adminToken, callCluster, freshNamespace, testCluster } from '../../helpers/environment.ts';
import { memoryLeaseStore, memoryStateStore } from '../../helpers/memory-stores.ts';

/** Workloads and PodDisruptionBudgets on a real API server; nobody plays their controllers, so what a budget's says is written here. */
const cluster = testCluster('prod-eu');
let minutes = 0;
const clock = { now: () => new Date(Date.UTC(2026, 0, 1, 12, minutes)) };
const signal = AbortSignal.timeout(120_000);
const IMAGE = `registry.example/web@sha256:${'a'.repeat(64)}`;
const PRESENT: ManifestAnswer = {
  state: 'found',
  manifest: { digest: `sha256:${'a'.repeat(64)}`, mediaType: '', platforms: [], children: [] },
};
const GONE: ManifestAnswer = { state: 'missing', failure: { reason: 'ManifestUnknown', message: 'unknown' } };
const Answered = z.looseObject({ metadata: z.looseObject({ generation: z.number().optional() }) });
const Template = z.looseObject({
  spec: z.object({ template: z.object({ metadata: z.object({ annotations: z.record(z.string(), z.string()).optional() }) }) }),
});
let token: string;
let namespace: string;

async function call(method: 'GET' | 'POST' | 'PUT', path: string, body?: object) {
  const answer = await callCluster(cluster, token, method, path, body);
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

const pathOf = (kind: RerollKind) => `/apis/apps/v1/namespaces/${namespace}/${kind.toLowerCase()}s`;

async function workload(kind: RerollKind, name: string, spec: object): Promise<void> {
  const labels = { app: name };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'app', image: IMAGE }] } };
  const service = kind === 'StatefulSet' ? { serviceName: name } : {};
  const metadata = { name, namespace };
  const created = Answered.parse(
    await call('POST', pathOf(kind), {
      apiVersion: 'apps/v1',
      kind,
      metadata,
      spec: { selector: { matchLabels: labels }, template, ...service, ...spec },
    }),
  );
  if (kind !== 'DaemonSet') return;
  const status = { currentNumberScheduled: 4, numberMisscheduled: 0, desiredNumberScheduled: 4, numberReady: 4 };
  await call('PUT', `${pathOf(kind)}/${name}/status`, { ...created, status });
}

async function budget(name: string, disruptionsAllowed: number): Promise<void> {
  const path = `/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets`;
  const created = Answered.parse(
    await call('POST', path, {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name, namespace },
      spec: { selector: { matchLabels: { app: name } }, minAvailable: 1 },
    }),
  );
  const status = {
    observedGeneration: created.metadata.generation,
    disruptionsAllowed,
    currentHealthy: 1 + disruptionsAllowed,
    desiredHealthy: 1,
    expectedPods: 4,
  };
  await call('PUT', `${path}/${name}/status`, { ...created, status });
}

function dependencies(inRegistry = PRESENT): RestartDependencies {
  const { endpoint, certificateAuthority } = cluster;
  return {
    connect: async () => createKubernetesClient({ endpoint, certificateAuthority, authentication: bearerToken(token, 'test') }),
    contents: { manifests: async (images: readonly ImageDigest[]) => new Map(images.map((image) => [digestKey(image), inRegistry])) },
    details: { details: async () => new Map() },
    clock,
    leases: memoryLeaseStore(clock),
    owner: randomUUID(),
    fieldManager: 'image-reroll-test',
  };
}

const restartedAt = async (kind: RerollKind, name: string) =>
  Template.parse(await call('GET', `${pathOf(kind)}/${name}`)).spec.template.metadata.annotations?.['kubectl.kubernetes.io/restartedAt'];

const reasonOf = (error: { readonly reason?: string }) => error.reason ?? String(error);

/** `restarted`, or the reason why not; by what the template has on the server afterwards. */
async function restart(kind: RerollKind, name: string, inRegistry = PRESENT): Promise<string> {
  const target = { kind, namespace, name };
  const pace = { workloadMs: REROLL_INTERVAL_MS };
  const refused = await restartThroughTemplate(clusterRow('prod-eu'), target, pace, dependencies(inRegistry), signal).then(
    () => undefined,
    reasonOf,
  );
  expect((await restartedAt(kind, name)) === clock.now().toISOString()).toBe(refused === undefined);
  return refused ?? 'restarted';
}

beforeAll(async () => {
  token = await adminToken(cluster);
  namespace = await freshNamespace(cluster);
});

it.each<[string, RerollKind, object, string]>([
  ['recreate', 'Deployment', { replicas: 4, strategy: { type: 'Recreate' } }, 'DisruptionBudget'],
  ['half', 'Deployment', { replicas: 4, strategy: { rollingUpdate: { maxUnavailable: '50%' } } }, 'DisruptionBudget'],
  ['quarter', 'Deployment', { replicas: 4 }, 'restarted'],
  ['paused', 'Deployment', { replicas: 4, paused: true }, 'NoRollout'],
  ['on-delete', 'StatefulSet', { replicas: 4, updateStrategy: { type: 'OnDelete' } }, 'NoRollout'],
  ['stateful', 'StatefulSet', { replicas: 4 }, 'restarted'],
  ['every-node', 'DaemonSet', { updateStrategy: { rollingUpdate: { maxUnavailable: '100%' } } }, 'DisruptionBudget'],
  ['one-node', 'DaemonSet', {}, 'restarted'],
])('under a budget that lets one pod go, a restart of %s (%s) is held against what its rollout takes down', async (...given) => {
  const [name, kind, spec, outcome] = given;
  await workload(kind, name, spec);
  await budget(name, 1);
  expect(await restart(kind, name)).toBe(outcome);
});

it('without a budget a workload with Recreate is restarted', async () => {
  await workload('Deployment', 'free', { replicas: 4, strategy: { type: 'Recreate' } });
  expect(await restart('Deployment', 'free')).toBe('restarted');
});

it('a workload whose image is gone from its registry keeps its pods', async () => {
  await workload('Deployment', 'gone', { replicas: 4 });
  expect(await restart('Deployment', 'gone', GONE)).toBe('ImageMissing');
});

it('of a burst of audits that each find another workload, one restarts one, and ten minutes later one the next', async () => {
  const names = ['burst-0', 'burst-1', 'burst-2', 'burst-3'];
  for (const name of names) await workload('Deployment', name, { replicas: 4 });
  const pace = { workloadMs: AUTO_REROLL_INTERVAL_MS, cluster: { ms: CLUSTER_REROLL_INTERVAL_MS, state: memoryStateStore() } };
  const leases = memoryLeaseStore(clock);
  const restartOf = (name: string) => {
    const target = { kind: 'Deployment', namespace, name } as const;
    return restartThroughTemplate(clusterRow('prod-eu'), target, pace, { ...dependencies(), leases }, signal).catch(reasonOf);
  };
  const restarted = async () => {
    const times = await Promise.all(names.map((name) => restartedAt('Deployment', name)));
    return times.filter((time) => time !== undefined).length;
  };
  await Promise.all(names.map(restartOf));
  expect(await restarted()).toBe(1);
  minutes += 9;
  for (const name of names) await restartOf(name);
  expect(await restarted()).toBe(1);
  minutes += 1;
  for (const name of names) await restartOf(name);
  expect(await restarted()).toBe(2);
});
