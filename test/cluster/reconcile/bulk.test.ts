import { describe, expect, it } from 'vitest';
import type { KubernetesClient } from '../../../lib/kubernetes/index.ts';
import type { KubernetesObject } from '../../../lib/manifests/object.ts';
import type { ReconcileDependencies } from '../../../lib/reconcile/index.ts';
import { createWorld, objectRecords, type World } from './world.ts';

const COUNT = 30;
const names = Array.from({ length: COUNT }, (_, index) => `settings-${index}`);

const configMap = (name: string, data = '{ colour: blue }', metadata = '') =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: NS${metadata} }\ndata: ${data}\n`;
const GIT = names.map((name) => configMap(name)).join('---\n');

const ARGO = ', annotations: { argocd.argoproj.io/tracking-id: "shop:/ConfigMap:x/y" }';

interface Watching {
  /** Called after the names of new objects were listed, and before anything is written. */
  readonly beforeFirstWrite?: () => Promise<unknown>;
  /** Called for each object of a page, before the run sees it; a throw ends the list. */
  readonly whileListing?: (object: KubernetesObject) => Promise<unknown>;
}

/** Tells which ConfigMaps a run reads one by one, and how many it has from pages. */
function watch(world: World, { beforeFirstWrite = async () => undefined, whileListing = async () => undefined }: Watching = {}) {
  const read: string[] = [];
  const listed: string[] = [];
  let isFirst = true;
  const connect: ReconcileDependencies['connect'] = async (...request) => {
    const client = await world.deps.connect(...request);
    const watched: Pick<KubernetesClient, 'get' | 'listInPages' | 'apply'> = {
      get: async (resource, id, signal) => {
        if (resource.kind === 'ConfigMap') read.push(id.name);
        return client.get(resource, id, signal);
      },
      async *listInPages(...question) {
        for await (const object of client.listInPages(...question)) {
          listed.push(object.metadata.name);
          await whileListing(object);
          yield object;
        }
      },
      apply: async (resource, object, options, signal) => {
        if (!options.dryRun && isFirst) {
          isFirst = false;
          await beforeFirstWrite();
        }
        return client.apply(resource, object, options, signal);
      },
    };
    return new Proxy(client, { get: (target, name) => Reflect.get(name in watched ? watched : target, name) });
  };
  return { connect, read, listed };
}

const apply = (world: World, yaml: string, manager = 'kubectl') =>
  world.kubectl(['apply', '--server-side', `--field-manager=${manager}`, '-f', '-'], yaml.replaceAll('NS', world.namespace));

const entryOf = async (world: World, name: string) =>
  (await world.stores.artifacts.getInventory(world.row.cluster))?.objects.find((object) => object.name === name);

describe('a first apply of many objects', () => {
  it('reads none of those that are not there', async () => {
    const world = await createWorld();
    await world.commit(GIT);
    const { connect, read } = watch(world);
    const result = await world.reconcile({ connect });
    expect(read).toEqual([]);
    expect(objectRecords(result)).toHaveLength(COUNT);
    expect(objectRecords(result).every(({ decision, verifiedAt }) => decision === 'applied' && verifiedAt !== undefined)).toBe(true);
    expect((await world.live('configmap', 'settings-7')).data).toEqual({ colour: 'blue' });
    expect((await world.reconcile()).outcome).toBe('in-sync');
  });

  it('reads those that are, and treats each as what it is', async () => {
    const world = await createWorld();
    await apply(world, configMap('settings-1', '{ colour: red }'));
    await apply(world, configMap('settings-2', '{ colour: red }', ARGO), 'argocd-controller');
    await apply(world, configMap('settings-3', '{ colour: red }', ', finalizers: [example.com/stay]'));
    await world.kubectl(['delete', 'configmap', 'settings-3', '--wait=false']);
    await apply(world, `${configMap('settings-4', '{ colour: red }')}immutable: true\n`);
    await world.commit(GIT);
    const { connect, read } = watch(world);
    const records = objectRecords(await world.reconcile({ connect }));

    expect([...new Set(read)].sort()).toEqual(['settings-1', 'settings-2', 'settings-3', 'settings-4']);
    expect(records.filter(({ class: what }) => what === 'created')).toHaveLength(COUNT - 4);
    const of = (name: string) => records.filter(({ object }) => object.name === name);
    expect(of('settings-1')).toMatchObject([{ class: 'adopted', decision: 'applied', verifiedAt: expect.any(String) }]);
    expect(of('settings-2')).toMatchObject([{ class: 'owner', decision: 'refused' }]);
    expect(of('settings-3')).toMatchObject([{ class: 'terminating', decision: 'blocked' }]);
    expect(of('settings-4')).toMatchObject([{ class: 'immutable' }]);
    expect(await entryOf(world, 'settings-1')).toMatchObject({ adopted: true });
    for (const name of ['settings-2', 'settings-3', 'settings-4'])
      expect((await world.live('configmap', name)).data).toEqual({ colour: 'red' });
    await world.kubectl(['patch', 'configmap', 'settings-3', '-p', '{"metadata":{"finalizers":null}}']);
  });

  it('overwrites nothing that comes between the list and the write', async () => {
    const world = await createWorld();
    await world.commit(GIT);
    const { connect, read } = watch(world, {
      beforeFirstWrite: async () => {
        await apply(world, configMap('settings-28', '{ colour: red }', ARGO), 'argocd-controller');
        await apply(world, configMap('settings-29', '{ colour: red }'));
      },
    });
    const records = objectRecords(await world.reconcile({ connect }));
    expect([...new Set(read)].sort()).toEqual(['settings-28', 'settings-29']);
    const of = (name: string) => records.filter(({ object }) => object.name === name);
    expect(of('settings-28')).toContainEqual(expect.objectContaining({ class: 'owner', decision: 'refused' }));
    expect((await world.live('configmap', 'settings-28')).data).toEqual({ colour: 'red' });
    expect(of('settings-29')).toContainEqual(expect.objectContaining({ class: 'adopted', decision: 'applied' }));
    expect((await world.live('configmap', 'settings-29')).data).toEqual({ colour: 'blue' });
    expect(await entryOf(world, 'settings-29')).toMatchObject({ adopted: true });
    expect((await entryOf(world, 'settings-28'))?.uid).toBeUndefined();
  });

  it('tries each creation where nothing is written', async () => {
    const world = await createWorld({ mode: 'observe' });
    await world.commit(`${GIT}---\n${configMap('Not-A-Name')}`);
    const records = objectRecords(await world.reconcile());
    expect(records.filter(({ class: what }) => what === 'created')).toHaveLength(COUNT);
    expect(records.filter(({ decision }) => decision === 'failed')).toMatchObject([{ object: { name: 'Not-A-Name' } }]);
  });
});

describe('many objects whose checkpoint was lost', () => {
  const applied = async (): Promise<World> => {
    const world = await createWorld();
    await world.commit(GIT);
    await world.reconcile();
    return world;
  };
  const cold = (world: World, watching: Watching = {}) => {
    const { connect, ...seen } = watch(world, watching);
    return {
      run: () => world.reconcile({ connect, artifacts: { ...world.stores.artifacts, getCheckpoint: async () => undefined } }),
      seen,
    };
  };

  it('are read in pages, and compared as they are', async () => {
    const world = await applied();
    await world.kubectl(['patch', 'configmap', 'settings-5', '-p', '{"data":{"colour":"red"}}']);
    const { run, seen } = cold(world);
    expect(objectRecords(await run())).toMatchObject([{ object: { name: 'settings-5' }, class: 'value', decision: 'corrected' }]);
    expect(seen.read).toEqual([]);
    expect(seen.listed.toSorted()).toEqual(names.toSorted());
    expect((await world.live('configmap', 'settings-5')).data).toEqual({ colour: 'blue' });
  });

  it('are read again one by one when they change behind the page', async () => {
    const world = await applied();
    const { run, seen } = cold(world, {
      whileListing: async ({ metadata: { name } }) => {
        if (name === 'settings-5') await world.kubectl(['patch', 'configmap', name, '-p', '{"data":{"colour":"red"}}']);
        if (name === 'settings-6') await world.kubectl(['delete', 'configmap', name]);
      },
    });
    const records = objectRecords(await run());
    expect(seen.read.toSorted()).toEqual(['settings-5', 'settings-6']);
    expect(records).toHaveLength(2);
    expect(records).toContainEqual(expect.objectContaining({ class: 'value', decision: 'corrected' }));
    expect(records).toContainEqual(expect.objectContaining({ class: 'missing', decision: 'corrected' }));
    expect((await world.live('configmap', 'settings-5')).data).toEqual({ colour: 'blue' });
    expect((await world.live('configmap', 'settings-6')).data).toEqual({ colour: 'blue' });
  });

  it('are read one by one from where their pages end', async () => {
    const world = await applied();
    await world.kubectl(['patch', 'configmap', 'settings-9', '-p', '{"data":{"colour":"red"}}']);
    let seenSoFar = 0;
    const { run, seen } = cold(world, {
      whileListing: async () => {
        seenSoFar += 1;
        if (seenSoFar > 10) throw new Error('the page is gone');
      },
    });
    expect(objectRecords(await run())).toMatchObject([{ object: { name: 'settings-9' }, class: 'value', decision: 'corrected' }]);
    expect(seen.read).toHaveLength(COUNT - 10);
  });
});
