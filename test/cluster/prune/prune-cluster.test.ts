import { expect, it } from 'vitest';
import { pruneCluster } from '../../../lib/reconcile/index.ts';
import { createWorld, type World } from '../reconcile/world.ts';

const map = (name: string) => `---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: NS }\ndata: { a: "1" }\n`;
const claim =
  '---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: { name: data, namespace: NS }\nspec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }\n';

const giveUp = (world: World, row: Partial<World['row']> = {}, deps: Partial<World['deps']> = {}) => {
  const signal = AbortSignal.timeout(50_000);
  return pruneCluster({ ...world.row, ...row }, { ...world.deps, ...deps }, { runId: 'give-up', signal, interrupt: signal });
};

async function deployed(): Promise<World> {
  const world = await createWorld();
  await world.kubectl(['create', 'configmap', 'theirs', '--from-literal=a=1']);
  await world.commit(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'theirs'].map(map).join('') + claim);
  await world.reconcile();
  return world;
}

it('a cluster that is given up loses what was applied there, and neither what was there before nor what holds data', async () => {
  const world = await deployed();
  const pruned = await giveUp(world);
  expect(pruned?.filter(({ action }) => action === 'delete').map(({ object }) => object.name)).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
  expect(pruned?.filter(({ action }) => action === 'keep')).toMatchObject([
    { object: { name: 'theirs' }, error: { reason: 'Adopted' } },
    { object: { name: 'data' }, error: { reason: 'NotConfirmed' } },
  ]);
  const left = await world.kubectl(['get', 'configmap,pvc', '-l', 'plumbline.dev/owner', '-o', 'jsonpath={.items[*].metadata.name}']);
  expect(left.split(' ').toSorted()).toEqual(['data', 'theirs']);
  const records = await world.stores.records.query({ cluster: world.row.cluster, kind: 'prune' });
  expect(records.filter((record) => record.kind === 'prune' && record.decision === 'applied')).toHaveLength(7);
});

it('a run that began before does not put it back', async () => {
  const world = await deployed();
  await giveUp(world);
  await world.reconcile();
  expect(await world.kubectl(['get', 'configmap', 'a', '--ignore-not-found'])).toBe('');
});

it('nothing is deleted where the row lets nothing be written, nor beside another run', async () => {
  const world = await deployed();
  await expect(giveUp(world, { mode: 'observe' })).rejects.toMatchObject({ reason: 'NotEnforced' });
  const uid = (await world.stores.state.get(world.row.cluster))?.clusterUid ?? '';
  const lease = await world.stores.leases.acquire(uid, 'another run', 60);
  expect(await giveUp(world)).toBeUndefined();
  if (lease !== undefined) await world.stores.leases.release(lease);
  expect(await world.kubectl(['get', 'configmap', 'a', '-o', 'name'])).toContain('configmap/a');
});

it('a confirmed Namespace stays while the server does not tell what may be in it', async () => {
  const world = await createWorld();
  const name = `${world.namespace}-own`;
  await world.commit(
    `apiVersion: v1\nkind: Namespace\nmetadata: { name: ${name}, annotations: { plumbline.dev/confirm-prune: "true" } }\n${map('a')}`,
  );
  await world.reconcile();
  const connect: typeof world.deps.connect = async (...request) => {
    const client = await world.deps.connect(...request);
    const discover: typeof client.discover = async (signal) => {
      const discovery = await client.discover(signal);
      return { ...discovery, served: () => ({ ...discovery.served(), complete: false }) };
    };
    return new Proxy(client, { get: (target, property) => (property === 'discover' ? discover : Reflect.get(target, property)) });
  };
  expect(await giveUp(world, {}, { connect })).toMatchObject([
    { object: { name: 'a' }, action: 'delete' },
    { object: { name }, action: 'error', error: { reason: 'DiscoveryGap' } },
  ]);
  expect((await world.live('namespace', name)).metadata.deletionTimestamp).toBeUndefined();
  expect(await giveUp(world)).toMatchObject([{ object: { name }, action: 'delete' }]);
});
