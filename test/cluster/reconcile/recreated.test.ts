import { describe, expect, it } from 'vitest';
import { createWorld, objectRecords, type World, type WorldOptions } from './world.ts';

const COMMITTED = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings, namespace: NS }\ndata: { colour: blue }\n';

async function deployed(options: WorldOptions = {}): Promise<World> {
  const world = await createWorld(options);
  await world.commit(COMMITTED);
  await world.reconcile();
  return world;
}

async function remake(world: World, ...literals: readonly string[]) {
  await world.kubectl(['delete', 'configmap', 'settings']);
  await world.kubectl(['create', 'configmap', 'settings', ...literals.map((literal) => `--from-literal=${literal}`)]);
}

const data = async (world: World) => (await world.live('configmap', 'settings')).data;

describe('an object that somebody deleted and created again', () => {
  it('is drift of one class, with what differs and who did it, and is ours again', async () => {
    const world = await deployed();
    await remake(world, 'colour=red', 'size=large');
    const result = await world.reconcile();
    expect(objectRecords(result)).toMatchObject([
      { kind: 'drift', class: 'recreated', decision: 'corrected', actor: { manager: 'kubectl-create' }, verifiedAt: expect.any(String) },
      { kind: 'drift', class: 'foreign-field', decision: 'corrected', changes: [{ path: 'data.size' }] },
    ]);
    expect(objectRecords(result)[0]?.changes).toContainEqual({ path: 'data.colour', desired: 'blue', live: 'red' });
    expect(await data(world)).toEqual({ colour: 'blue' });
    const { uid, labels } = (await world.live('configmap', 'settings')).metadata;
    expect(labels).toHaveProperty(['plumbline.dev/owner']);
    expect((await world.stores.artifacts.getInventory(world.row.cluster))?.objects).toMatchObject([{ uid }]);
    expect((await world.reconcile()).outcome).toBe('in-sync');
    expect(await world.open()).toEqual([]);
  });

  it('has a record though its values are those of Git, with our label or without', async () => {
    const world = await deployed();
    await remake(world, 'colour=blue');
    expect(objectRecords(await world.reconcile())).toMatchObject([
      { kind: 'drift', class: 'recreated', decision: 'corrected', verifiedAt: expect.any(String) },
    ]);
    const copy = await world.live('configmap', 'settings');
    await world.kubectl(['delete', 'configmap', 'settings']);
    const { name, namespace, labels } = copy.metadata;
    await world.kubectl(['create', '-f', '-'], JSON.stringify({ ...copy, metadata: { name, namespace, labels } }));
    expect(objectRecords(await world.reconcile())).toMatchObject([
      { kind: 'drift', class: 'recreated', decision: 'corrected', changes: [], verifiedAt: expect.any(String) },
    ]);
    expect((await world.reconcile()).outcome).toBe('in-sync');
    expect(await world.open()).toEqual([]);
  });

  it('has its grace, its foreign fields too', async () => {
    const world = await deployed();
    await remake(world, 'colour=red', 'size=large');
    const graceSeconds = 600;
    for (let run = 0; run < 2; run += 1) {
      expect((await world.reconcile({}, { graceSeconds })).outcome).toBe('drifting');
      expect(await data(world)).toEqual({ colour: 'red', size: 'large' });
    }
    expect(await world.open()).toMatchObject([
      { kind: 'drift', class: 'recreated', decision: 'held' },
      { kind: 'drift', class: 'foreign-field', decision: 'held' },
    ]);
    world.advance(601);
    expect((await world.reconcile({}, { graceSeconds })).outcome).toBe('corrected');
    expect(await data(world)).toEqual({ colour: 'blue' });
    expect(await world.open()).toEqual([]);
  });

  it('has its grace though its values are those of Git', async () => {
    const world = await deployed();
    await remake(world, 'colour=blue');
    for (let run = 0; run < 2; run += 1) expect((await world.reconcile({}, { graceSeconds: 600 })).outcome).toBe('drifting');
    expect(await world.open()).toMatchObject([{ class: 'recreated', decision: 'held' }]);
    world.advance(601);
    expect((await world.reconcile({}, { graceSeconds: 600 })).outcome).toBe('corrected');
  });

  it('is told once where nothing is written and its values are those of Git', async () => {
    const world = await createWorld({ mode: 'observe' });
    await world.kubectl(['create', 'configmap', 'settings', '--from-literal=colour=blue']);
    await world.commit(COMMITTED);
    expect((await world.reconcile()).outcome).toBe('in-sync');
    await remake(world, 'colour=blue');
    expect(objectRecords(await world.reconcile())).toMatchObject([{ class: 'recreated', decision: 'observed' }]);
    expect((await world.reconcile()).outcome).toBe('in-sync');
    expect(await world.open()).toEqual([]);
  });

  it('is refused where another deployer has it now', async () => {
    const world = await deployed();
    await remake(world, 'colour=red');
    await world.kubectl(['label', 'configmap', 'settings', 'kustomize.toolkit.fluxcd.io/name=apps']);
    expect(objectRecords(await world.reconcile())).toMatchObject([{ class: 'owner', decision: 'refused' }]);
    expect(await data(world)).toEqual({ colour: 'red' });
  });
});

describe('an object that is being deleted', () => {
  it('is waited for, and created again once it is gone', async () => {
    const world = await deployed();
    const finalizers = (list: readonly string[] | null) =>
      world.kubectl(['patch', 'configmap', 'settings', '--type=merge', '-p', JSON.stringify({ metadata: { finalizers: list } })]);
    await finalizers(['example.com/hold']);
    await world.kubectl(['delete', 'configmap', 'settings', '--wait=false']);
    const before = await world.live('configmap', 'settings');
    for (let run = 0; run < 2; run += 1) expect((await world.reconcile()).outcome).toBe('blocked');
    expect(await world.open()).toMatchObject([{ class: 'terminating', decision: 'blocked' }]);
    expect(await world.live('configmap', 'settings')).toEqual(before);
    await finalizers(null);
    expect((await world.reconcile()).outcome).toBe('corrected');
    const after = await world.live('configmap', 'settings');
    expect([after.data, after.metadata.uid === before.metadata.uid]).toEqual([{ colour: 'blue' }, false]);
    expect(await world.open()).toEqual([]);
  });
});
