import { describe, expect, it } from 'vitest';
import { createWorld, objectRecords, runRecord } from './world.ts';

const configMap = (name: string, data = '{ colour: blue }') =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: NS }\ndata: ${data}\n---\n`;

describe('a first run', () => {
  it('does a CustomResourceDefinition and its object in one run', async () => {
    const world = await createWorld();
    const group = `${world.namespace}.example.com`;
    await world.commit(`
apiVersion: ${group}/v1
kind: Widget
metadata: { name: one, namespace: NS }
spec: { size: 3 }
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: widgets.${group} }
spec:
  group: ${group}
  scope: Namespaced
  names: { kind: Widget, plural: widgets }
  versions:
    - name: v1
      served: true
      storage: true
      schema: { openAPIV3Schema: { type: object, properties: { spec: { type: object, properties: { size: { type: integer } } } } } }
`);
    expect((await world.plan()).lines).toMatchObject([
      { action: 'create', object: { kind: 'CustomResourceDefinition' }, validated: true },
      { action: 'create', object: { kind: 'Widget' }, validated: false, after: [`CustomResourceDefinition widgets.${group}`] },
    ]);

    const result = await world.reconcile();

    expect(runRecord(result)).toMatchObject({ outcome: 'in-sync', objects: 2, created: 2 });
    expect((await world.live(`widgets.${group}`, 'one')).spec).toEqual({ size: 3 });
    expect(await world.reconcile()).toMatchObject({ outcome: 'in-sync', records: [{ kind: 'run' }] });
    await world.kubectl(['delete', 'crd', `widgets.${group}`]);
  });

  it('does a Namespace and its objects in one run, and plans them in the right order', async () => {
    const world = await createWorld();
    const inside = `${world.namespace}-inside`;
    await world.commit(`${configMap('settings').replace('NS', inside)}
apiVersion: v1
kind: Namespace
metadata: { name: ${inside} }
`);
    expect((await world.plan()).lines).toMatchObject([
      { action: 'create', object: { kind: 'ConfigMap' }, validated: false, after: [`Namespace ${inside}`] },
      { action: 'create', object: { kind: 'Namespace' }, validated: true },
    ]);
    expect(runRecord(await world.reconcile())).toMatchObject({ outcome: 'in-sync', created: 2 });
  });

  it('blocks what lives in a namespace that is nowhere, and does the rest', async () => {
    const world = await createWorld();
    await world.commit(configMap('settings') + configMap('lost').replace('NS', `${world.namespace}-nowhere`));
    const result = await world.reconcile();
    expect(runRecord(result)).toMatchObject({ outcome: 'blocked', created: 1, failed: 0 });
    expect(objectRecords(result).find(({ object }) => object.name === 'lost')).toMatchObject({
      decision: 'blocked',
      error: { reason: 'NamespaceNotFound' },
    });
    await expect(world.live('configmap', 'settings')).resolves.toMatchObject({ data: { colour: 'blue' } });
  });
});

describe('one object that cannot be applied', () => {
  it('is its own failure; the others go on, and their drift stays drift', async () => {
    const world = await createWorld();
    await world.commit(configMap('good') + configMap('bad'));
    await world.reconcile();
    await world.commit(configMap('good', '{ colour: green }') + configMap('bad', '{ colour: 3 }'));

    const result = await world.reconcile();
    expect(runRecord(result)).toMatchObject({ outcome: 'failed', failed: 1, error: { message: expect.stringContaining('bad') } });
    expect((await world.live('configmap', 'good')).data).toEqual({ colour: 'green' });
    expect((await world.stores.state.get(world.row.cluster))?.verifiedAt).not.toBe(
      (await world.stores.state.get(world.row.cluster))?.lastRunAt,
    );

    await world.kubectl(['patch', 'configmap', 'good', '-p', '{"data":{"colour":"red"}}']);
    expect(objectRecords(await world.reconcile())).toMatchObject([{ kind: 'drift', class: 'value', object: { name: 'good' } }]);

    await world.commit(configMap('good', '{ colour: green }') + configMap('bad', '{ colour: black }'));
    const mended = await world.reconcile();
    expect(mended.outcome).toBe('in-sync');
    expect(objectRecords(mended).find(({ event }) => event === 'verified')).toMatchObject({ kind: 'rollout', object: { name: 'bad' } });
    expect(await world.open()).toEqual([]);
  });

  it('because its kind is unknown is told how to go on', async () => {
    const world = await createWorld();
    await world.commit(`${configMap('good')}apiVersion: nowhere.example.com/v1\nkind: Gadget\nmetadata: { name: one, namespace: NS }\n`);
    const result = await world.reconcile();
    expect(objectRecords(result)).toMatchObject([
      { decision: 'applied', object: { name: 'good' } },
      { decision: 'failed', error: { reason: 'UnknownKind', message: expect.stringContaining('CustomResourceDefinition') } },
    ]);
  });

  it('because of its manifest or its image is recorded with the others', async () => {
    const world = await createWorld();
    const failure = { reason: 'ImageUnresolvable', message: 'registry.example/web:9: there is no such tag' };
    await world.commit(configMap('good') + configMap('imageless'), {
      problems: [{ where: 'apps/broken.yaml:3', reason: 'InvalidYaml', message: 'a key is twice' }],
      blocked: { [`/ConfigMap/${world.namespace}/imageless`]: failure },
    });
    const result = await world.reconcile();
    expect(result.outcome).toBe('failed');
    expect(objectRecords(result)).toMatchObject([
      { object: { name: 'good' }, decision: 'applied' },
      { object: { name: 'imageless' }, decision: 'blocked', class: 'image', error: failure },
      { object: { kind: 'File', name: 'apps/broken.yaml:3' }, decision: 'failed', class: 'manifest' },
    ]);
    await world.commit(configMap('good') + configMap('imageless'));
    expect((await world.reconcile()).outcome).toBe('in-sync');
    expect(await world.open()).toEqual([]);
  });
});

describe('an object that is no longer in Git', () => {
  it('is an open record of kind prune until it is gone, and the cluster is not in sync', async () => {
    const world = await createWorld();
    await world.commit(configMap('stays') + configMap('goes'));
    await world.reconcile();
    await world.commit(configMap('stays'));

    const result = await world.reconcile();
    expect(result.outcome).toBe('drifting');
    expect(objectRecords(result)).toMatchObject([{ kind: 'prune', decision: 'held', object: { name: 'goes', uid: expect.any(String) } }]);
    expect((await world.plan()).lines).toMatchObject([{ action: 'delete', object: { name: 'goes' } }]);
    await expect(world.live('configmap', 'goes')).resolves.toBeDefined();
    expect((await world.reconcile()).records).toMatchObject([{ kind: 'run', outcome: 'drifting' }]);

    await world.kubectl(['delete', 'configmap', 'goes']);
    expect((await world.reconcile()).outcome).toBe('in-sync');
    expect(await world.open()).toEqual([]);
  });

  it('is not thought to be gone from Git because a file of it cannot be read', async () => {
    const world = await createWorld();
    await world.commit(configMap('stays') + configMap('hidden'));
    await world.reconcile();
    await world.commit(configMap('stays'), { problems: [{ where: 'apps/hidden.yaml:1', reason: 'InvalidYaml', message: 'no' }] });
    expect(objectRecords(await world.reconcile()).map(({ kind }) => kind)).toEqual(['rollout']);
  });
});
