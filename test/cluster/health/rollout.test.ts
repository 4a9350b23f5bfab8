import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isJsonObject } from '../../../lib/manifests/json.ts';
import type { ObjectRecord } from '../../../lib/records/index.ts';
import { createWorld, type World } from '../reconcile/world.ts';
import { type NodesWorld, startNodesWorld } from './nodes.ts';

let nodes: NodesWorld;
let world: World;

beforeAll(async () => {
  [nodes, world] = await Promise.all([startNodesWorld(), createWorld()]);
}, 900_000);

afterAll(() => nodes?.stop());

const deployment = (image: string): string => `apiVersion: v1
kind: Namespace
metadata: { name: NS }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: NS }
spec:
  replicas: 1
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: ${image} }] }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: after, namespace: NS, annotations: { plumbline.dev/depends-on: apps/Deployment/NS/web } }
data: { needs: web }
`;

const CONFIG_MAPS = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true, verbs: ['get'] };

/** GETs of the Deployment in the last run. */
let looks = 0;

function reconcile() {
  looks = 0;
  const client = nodes.connect();
  const get: typeof client.get = (resource, id, signal) => {
    if (resource.kind === 'Deployment') looks += 1;
    return client.get(resource, id, signal);
  };
  return world.reconcile({ connect: async () => ({ ...client, requests: 0, get }) });
}

async function healthRecords(): Promise<readonly ObjectRecord[]> {
  const records = await world.stores.records.query({ cluster: world.row.cluster, kind: 'rollout' });
  return records.flatMap((record) => (record.kind === 'rollout' && record.class === 'health' ? [record] : []));
}

async function rollouts(): Promise<object | undefined> {
  return (await world.stores.state.get(world.row.cluster))?.rollouts;
}

/** Runs on and on, as the schedule does, until the newest record of health is as it is looked for. */
async function reconcileUntil(isSo: (newest: ObjectRecord | undefined) => boolean): Promise<ObjectRecord | undefined> {
  for (let run = 0; run < 90; run += 1) {
    await reconcile();
    const [newest] = await healthRecords();
    if (isSo(newest)) return newest;
    await sleep(500);
  }
  throw new Error(`no such record of health: ${JSON.stringify(await healthRecords())}`);
}

it('tells of a rollout whether it works, and why not, until it does', async () => {
  await world.commit(deployment('shop.example/web:1'));
  expect(await reconcile()).toMatchObject({ outcome: 'blocked' });
  expect(await healthRecords()).toEqual([]);
  expect(await rollouts()).toMatchObject({ progressing: 1, degraded: 0 });
  const came = await reconcileUntil((record) => record?.resolvedAt !== undefined);
  expect(came).toMatchObject({ object: { kind: 'Deployment', name: 'web' }, health: { status: 'healthy' } });
  // What depends on it was created in the run that saw it work, which looked once.
  expect(looks).toBe(1);
  expect((await nodes.connect().get(CONFIG_MAPS, { namespace: world.namespace, name: 'after' }, AbortSignal.timeout(5000)))?.data).toEqual({
    needs: 'web',
  });
  expect(await reconcile()).toMatchObject({ outcome: 'in-sync' });

  await world.commit(deployment('missing.example/web:2'));
  await reconcile();
  world.advance(31);
  const trouble = await reconcileUntil((record) => record?.health?.status === 'degraded');
  expect(trouble).toMatchObject({ decision: 'reported', error: { message: expect.stringContaining('missing.example/web:2') } });
  expect(trouble?.resolvedAt).toBeUndefined();
  expect(await rollouts()).toMatchObject({ progressing: 0, degraded: 1 });
  // It is as Git says it all the same.
  expect(await reconcile()).toMatchObject({ outcome: 'in-sync', records: [expect.objectContaining({ kind: 'run' })] });

  await world.commit(deployment('shop.example/web:3'));
  const mended = await reconcileUntil((record) => record?.health?.status === 'healthy');
  expect(mended?.resolvedAt).toBeDefined();
  expect(await rollouts()).toMatchObject({ progressing: 0, degraded: 0 });
  // The rollout that did not work is over with its last word.
  expect((await healthRecords()).find(({ id }) => id === trouble?.id)).toMatchObject({ event: 'resolved', health: { status: 'degraded' } });
}, 200_000);

it('asks for nothing more once nothing is left to follow', async () => {
  await reconcile();
  await reconcile();
  expect(looks).toBe(0);
});

it('reads many that came up in pages, all in one run', async () => {
  const many = await createWorld();
  const names = Array.from({ length: 30 }, (_, index) => `many-${index}`);
  const connect = async () => nodes.connect();
  const [namespace = '', web = ''] = deployment('shop.example/web:1').split('---\n');
  const documents = [namespace, ...names.map((name) => web.replaceAll('web', name).replace(`${name}:1`, 'web:1'))];
  await many.commit(documents.join('---\n'));
  await many.reconcile({ connect });
  const deployments = { ...CONFIG_MAPS, group: 'apps', kind: 'Deployment', plural: 'deployments' };
  const areAvailable = async () => {
    const listed = await nodes.connect().list(deployments, { namespace: many.namespace }, AbortSignal.timeout(5000));
    return listed.every(({ status }) => isJsonObject(status) && status.availableReplicas === 1);
  };
  for (let second = 0; !(await areAvailable()); second += 1) {
    if (second === 60) throw new Error('not all Deployments came up within a minute');
    await sleep(1000);
  }

  const read: string[] = [];
  const client = nodes.connect();
  const get: typeof client.get = (resource, id, signal) => {
    read.push(`${resource.kind} ${id.name}`);
    return client.get(resource, id, signal);
  };
  const { records } = await many.reconcile({ connect: async () => ({ ...client, requests: 0, get }) });
  expect(read.filter((what) => what.startsWith('Deployment'))).toEqual([]);
  expect(records.filter((record) => record.kind === 'rollout' && record.health?.status === 'healthy')).toHaveLength(30);
  expect((await many.stores.state.get(many.row.cluster))?.rollouts).toMatchObject({ progressing: 0, degraded: 0 });
}, 200_000);
