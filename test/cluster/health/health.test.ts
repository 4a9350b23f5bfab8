import { afterAll, beforeAll, expect, it } from 'vitest';
import { healthPolicy } from '../../../lib/health/index.ts';
import { type NodesWorld, startNodesWorld } from './nodes.ts';

let world: NodesWorld;
beforeAll(async () => {
  world = await startNodesWorld();
}, 900_000);
afterAll(async () => {
  await world?.stop();
});

const AHEAD = { aheadSeconds: 60 };

const workload = (kind: string, name: string, image: string, more = '') => `
apiVersion: apps/v1
kind: ${kind}
metadata: { name: ${name}, namespace: default }
spec:
  ${more}
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec: { containers: [{ name: app, image: "${image}" }] }
`;
const deployment = (name: string, image: string, more = 'replicas: 2') => workload('Deployment', name, image, more);

it.each([
  ['Deployment', 'replicas: 3'],
  ['StatefulSet', 'replicas: 2\n  serviceName: x'],
  ['DaemonSet', ''],
  ['ReplicaSet', 'replicas: 2'],
])('says that a %s is healthy when its pods are', async (kind, more) => {
  const yaml = workload(kind, `well-${kind.toLowerCase()}`, 'r.example/app:1', more);
  expect(await world.follow(yaml, 'healthy')).toMatchObject({ status: 'healthy' });
  const live = await world.read(yaml);
  expect(live?.status).toMatchObject(kind === 'DaemonSet' ? { numberReady: 2 } : { readyReplicas: kind === 'Deployment' ? 3 : 2 });
});

it('says that a Deployment is degraded, and which image cannot be pulled, and that it is healthy when Git mends it', async () => {
  await world.follow(deployment('pull', 'r.example/app:1'), 'healthy');
  const broken = await world.follow(deployment('pull', 'missing.example/app:2'), 'degraded', AHEAD);
  expect(broken.reason).toBe('ImagePullBackOff');
  expect(broken.message).toMatch(/; pod pull-\w+-\w+: container app cannot get its image missing\.example\/app:2: Back-off pulling image/);
  expect(await world.follow(deployment('pull', 'r.example/app:3'), 'healthy')).toMatchObject({ status: 'healthy' });
});

it('says that a Deployment is degraded, and that its container wants more memory', async () => {
  const { reason, message } = await world.follow(deployment('crash', 'crashing.example/app:1'), 'degraded', AHEAD);
  expect(reason).toBe('OOMKilled');
  expect(message).toContain('container app crashes again and again (restarted 3 times); last: OOMKilled, exit code 137');
});

it('says that a Deployment timed out, and that its readiness probe does not succeed', async () => {
  const policy = healthPolicy({ deadline: '1m' });
  const options = { policy, aheadSeconds: 120, reason: 'NotReady' };
  expect((await world.follow(deployment('unready', 'unready.example/app:1'), 'timed-out', options)).message).toMatch(
    /^it is not healthy 1 min after it was written: .*container app runs and is not ready, as its readiness probe says$/,
  );
  expect(await world.follow(deployment('unready', 'r.example/app:1'), 'healthy')).toMatchObject({ reason: 'Available' });
});

it('says that a Deployment is degraded by its quota', async () => {
  const signal = AbortSignal.timeout(10_000);
  const namespaces = { group: '', version: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false, verbs: ['patch'] };
  const quotas = { group: '', version: 'v1', kind: 'ResourceQuota', plural: 'resourcequotas', namespaced: true, verbs: ['patch'] };
  const options = { fieldManager: 'test', dryRun: false };
  await world.client.apply(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'small' } }, options, signal);
  const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'pods', namespace: 'small' }, spec: { hard: { pods: '0' } } };
  await world.client.apply(quotas, quota, options, signal);
  const yaml = deployment('quota', 'r.example/app:1').replace('namespace: default', 'namespace: small');
  const { reason, message } = await world.follow(yaml, 'degraded', AHEAD);
  expect(reason).toBe('QuotaExceeded');
  expect(message).toContain('exceeded quota: pods');
});

it('says that a pod waits for a node that is not there', async () => {
  const yaml = deployment('pending', 'r.example/app:1', 'replicas: 1').replace(
    'containers:',
    'nodeSelector: { kubernetes.io/arch: riscv64 }, containers:',
  );
  const { reason, message } = await world.follow(yaml, 'degraded', { aheadSeconds: 330 });
  expect(reason).toBe('Unschedulable');
  expect(message).toMatch(/pod pending-\S+: 0\/2 nodes are available/);
});

const job = (name: string, more = '') => `
apiVersion: batch/v1
kind: Job
metadata: { name: ${name}, namespace: default }
spec:
  ${more}
  template: { spec: { restartPolicy: Never, containers: [{ name: app, image: "r.example/app:1" }] } }
`;

it('says that a Job is healthy when it ended well, and so when its TTL has removed it', async () => {
  expect(await world.follow(job('once'), 'healthy')).toMatchObject({ reason: 'Complete' });
  const brief = job('brief', 'ttlSecondsAfterFinished: 0');
  expect(['Complete', 'RemovedByTtl']).toContain((await world.follow(brief, 'healthy')).reason);
  await expect.poll(() => world.read(brief), { timeout: 20_000 }).toBeUndefined();
});

it('says that a claim waits for its volume', async () => {
  const claim = `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: data, namespace: default }
spec: { accessModes: [ReadWriteOnce], storageClassName: none, resources: { requests: { storage: 1Gi } } }
`;
  expect(await world.follow(claim, 'timed-out', { aheadSeconds: 700 })).toMatchObject({
    reason: 'NotBound',
    message: 'it is not healthy 10 min after it was written: it is not bound; its phase is Pending',
  });
});

it.each([
  ['v1', 'ConfigMap', 'metadata: { name: plain, namespace: default }'],
  ['v1', 'Service', 'metadata: { name: plain, namespace: default }\nspec: { ports: [{ port: 80 }] }'],
  [
    'policy/v1',
    'PodDisruptionBudget',
    'metadata: { name: plain, namespace: default }\nspec: { minAvailable: 1, selector: { matchLabels: { app: pull } } }',
  ],
  ['v1', 'Namespace', 'metadata: { name: plain }'],
  [
    'apiextensions.k8s.io/v1',
    'CustomResourceDefinition',
    'metadata: { name: things.example.org }\nspec: { group: example.org, scope: Namespaced, names: { plural: things, kind: Thing }, versions: [{ name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object } } }] }',
  ],
])('says that a %s %s is healthy once its controller has seen it', async (apiVersion, kind, rest) => {
  expect(await world.follow(`apiVersion: ${apiVersion}\nkind: ${kind}\n${rest}`, 'healthy')).toMatchObject({ status: 'healthy' });
});

it('says by an expression of the settings what a real object is', async () => {
  const expressions = [{ apiVersion: 'apps/v1', kind: 'Deployment', current: 'status.readyReplicas == spec.replicas' }];
  const policy = healthPolicy({ expressions });
  expect(await world.follow(deployment('cel', 'r.example/app:1'), 'healthy', { policy })).toMatchObject({ reason: 'Current' });
});

it.each([
  ['what its image says', '', `r.example:5000/app@sha256:${'1'.repeat(64)}`],
  ['other bytes, when its annotation says so', 'nodes.plumbline.dev/image-id: r.example/evil', 'r.example/evil'],
])('plays a pod that runs %s', async (_what, annotation, imageID) => {
  const image = `r.example:5000/app:1@sha256:${'1'.repeat(64)}`;
  const pod = `
apiVersion: v1
kind: Pod
metadata: { name: pod-${imageID.length}, namespace: default, annotations: { ${annotation} } }
spec: { containers: [{ name: app, image: "${image}" }] }
`;
  await world.follow(pod, 'healthy');
  expect((await world.read(pod))?.status).toMatchObject({ containerStatuses: [{ image, imageID }] });
});
