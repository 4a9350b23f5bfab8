import { expect, it } from 'vitest';
import type { ReconcileDependencies } from '../../../lib/reconcile/index.ts';
import { createWorld, type World } from './world.ts';

const GIT = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings, namespace: NS }\ndata: { colour: blue }\n';

/** The stores of a world, and what is asked of them. */
function counted({
  stores,
}: World): Pick<ReconcileDependencies, 'state' | 'leases' | 'artifacts' | 'records'> & { readonly calls: string[] } {
  const calls: string[] = [];
  const count = <Store extends object>(of: string, store: Store): Store =>
    new Proxy(store, {
      get: (target, name) => {
        calls.push(`${of}.${String(name)}`);
        return Reflect.get(target, name);
      },
    });
  const [state, leases] = [count('state', stores.state), count('leases', stores.leases)];
  return { calls, state, leases, artifacts: count('artifacts', stores.artifacts), records: count('records', stores.records) };
}

it('a run without drift asks its stores for eight things, of which the artifact is kept by a warm one', async () => {
  const world = await createWorld();
  await world.commit(GIT);
  await world.reconcile();
  const { calls, ...stores } = counted(world);
  expect((await world.reconcile(stores)).outcome).toBe('in-sync');
  // It has a record of its own, which goes by its own way.
  expect(calls).toEqual([
    'state.get',
    'artifacts.get',
    'leases.acquire',
    'artifacts.getInventory',
    'artifacts.getCheckpoint',
    'records.listOpen',
    'state.update',
    'leases.release',
  ]);
});

it('a run after another one, of whose state it cannot be sure, reads the state again under its lease', async () => {
  const world = await createWorld();
  await world.commit(GIT);
  await world.reconcile();
  const { calls, ...stores } = counted(world);
  const connect: typeof world.deps.connect = async (...request) => {
    await world.commit(GIT.replace('blue', 'green'));
    await world.reconcile();
    return world.deps.connect(...request);
  };
  expect((await world.reconcile({ ...stores, connect })).outcome).toBe('in-sync');
  expect(calls.filter((call) => call === 'state.get')).toHaveLength(2);
  expect((await world.live('configmap', 'settings')).data).toEqual({ colour: 'green' });
});
