import { describe, expect, it } from 'vitest';
import { createWorld, objectRecords } from '../reconcile/world.ts';
import { AT_ONCE, deployed, EXTRA, exists, KEPT, removeBy } from './removal.ts';

const maps = (count: number) => Array.from({ length: count }, (_, index) => `---\n${KEPT.replace('kept', `extra-${index}`)}`).join('');

describe('an object that left Git', () => {
  it('is held for the delay, then deleted and seen gone, in one record', async () => {
    const world = await deployed(KEPT + EXTRA);
    await world.commit(KEPT);
    const first = await world.reconcile();
    expect(first.outcome).toBe('drifting');
    expect(objectRecords(first)).toMatchObject([
      { kind: 'prune', class: 'removed-from-git', decision: 'held', heldUntil: expect.any(String), object: { name: 'extra' } },
    ]);
    world.advance(300);
    expect((await world.reconcile()).outcome).toBe('drifting');
    expect(await exists(world, 'extra')).toBe(true);

    world.advance(301);
    const last = await world.reconcile();

    expect(await exists(world, 'extra')).toBe(false);
    expect(objectRecords(last)).toMatchObject([{ id: objectRecords(first)[0]?.id, decision: 'applied', verifiedAt: expect.any(String) }]);
    expect(await world.open()).toEqual([]);
    expect((await world.reconcile()).outcome).toBe('in-sync');
    expect((await world.stores.artifacts.getInventory(world.row.cluster))?.objects.map(({ name }) => name)).toEqual(['kept']);
  });

  it('stays when Git brings it back within the delay', async () => {
    const world = await deployed(KEPT + EXTRA);
    await world.commit(KEPT);
    await world.reconcile();
    world.advance(400);
    await world.commit(KEPT + EXTRA);
    expect((await world.reconcile()).outcome).toBe('in-sync');
    world.advance(400);
    await world.commit(KEPT);
    await world.reconcile();
    expect(await exists(world, 'extra')).toBe(true);
    expect(await world.open()).toMatchObject([{ decision: 'held' }]);
  });

  it('waits for its finalizers, in an open record that says so', async () => {
    const world = await deployed(KEPT + EXTRA.replace('namespace: NS', 'namespace: NS, finalizers: [example.com/hold]'));
    const deleted = await removeBy(world, KEPT);
    expect(deleted.outcome).toBe('drifting');
    expect((await world.live('configmap', 'extra')).metadata.deletionTimestamp).toEqual(expect.any(String));
    expect(objectRecords(await world.reconcile())).toMatchObject([
      { decision: 'blocked', error: { reason: 'Terminating', message: expect.stringContaining('example.com/hold') } },
    ]);
    await world.kubectl(['patch', 'configmap', 'extra', '--type=merge', '-p', '{"metadata":{"finalizers":null}}']);
    expect((await world.reconcile()).outcome).toBe('in-sync');
    expect(await world.open()).toEqual([]);
  });

  it('goes with its dependants left to the garbage collector, workloads before what they need', async () => {
    const job = `---
apiVersion: batch/v1
kind: Job
metadata: { name: extra, namespace: NS }
spec: { template: { spec: { restartPolicy: Never, containers: [{ name: a, image: a }] } } }
`;
    const world = await deployed(KEPT + EXTRA + job);
    const order: string[] = [];
    await world.commit(KEPT, AT_ONCE);
    await world.reconcile();
    const connect: typeof world.deps.connect = async (...request) => {
      const client = await world.deps.connect(...request);
      const remove: typeof client.delete = async (resource, id, options, signal) => {
        order.push(`${resource.kind} ${options.propagationPolicy}`);
        return client.delete(resource, id, options, signal);
      };
      return new Proxy(client, { get: (target, name) => (name === 'delete' ? remove : Reflect.get(target, name)) });
    };
    await world.reconcile({ connect });
    expect(order).toEqual(['Job Background', 'ConfigMap Background']);
    expect(await exists(world, 'extra', 'job')).toBe(false);
  });

  it('is not deleted when it changed after that was decided', async () => {
    const world = await deployed(KEPT + EXTRA);
    await world.commit(KEPT, AT_ONCE);
    await world.reconcile();
    const connect: typeof world.deps.connect = async (...request) => {
      const client = await world.deps.connect(...request);
      const remove: typeof client.delete = async (...deletion) => {
        await world.kubectl(['annotate', 'configmap', 'extra', 'plumbline.dev/prune=disabled']);
        return client.delete(...deletion);
      };
      return new Proxy(client, { get: (target, name) => (name === 'delete' ? remove : Reflect.get(target, name)) });
    };
    expect(objectRecords(await world.reconcile({ connect }))).toMatchObject([{ decision: 'blocked', error: { reason: 'Conflict' } }]);
    expect(await exists(world, 'extra')).toBe(true);
    const rescued = await world.reconcile();
    expect(objectRecords(rescued)).toMatchObject([
      { decision: 'tolerated', error: { reason: 'PruneDisabled' }, resolvedAt: expect.any(String) },
    ]);
    expect((await world.reconcile()).outcome).toBe('in-sync');
    expect(await world.open()).toEqual([]);
  });
});

describe('nothing is deleted', () => {
  it('in observe, nor while the row is suspended', async () => {
    const world = await deployed(KEPT + EXTRA);
    await world.commit(KEPT, AT_ONCE);
    const suspendedUntil = new Date(Date.now() + 3_600_000).toISOString();
    for (const row of [{ mode: 'observe' as const }, { suspendedUntil, suspendedReason: 'a freeze' }]) {
      await world.reconcile({}, row);
      await world.reconcile({}, row);
      expect(await exists(world, 'extra')).toBe(true);
    }
    expect(await world.open()).toMatchObject([
      {
        kind: 'prune',
        decision: 'suspended',
        heldUntil: suspendedUntil,
        error: { reason: 'Suspended', message: expect.stringContaining('a freeze') },
      },
    ]);
  });

  it('because nothing at all was rendered', async () => {
    const world = await deployed(KEPT + EXTRA);
    const result = await removeBy(world, '');
    expect(objectRecords(result)).toEqual([]);
    expect(await world.open()).toMatchObject([{ error: { reason: 'EmptyRender' } }, { error: { reason: 'EmptyRender' } }]);
    expect([await exists(world, 'kept'), await exists(world, 'extra')]).toEqual([true, true]);
  });

  it('because the row’s path was changed, until the number is expected', async () => {
    const world = await deployed(KEPT + EXTRA);
    await removeBy(world, KEPT, { ...AT_ONCE, path: 'services' });
    expect(await exists(world, 'extra')).toBe(true);
    expect(await world.open()).toMatchObject([
      { decision: 'blocked', error: { reason: 'SourceMoved', message: expect.stringContaining('expect: 1') } },
    ]);
    await removeBy(world, KEPT, { settings: { prune: { delay: '0s', expect: 1 } }, path: 'services' });
    expect(await exists(world, 'extra')).toBe(false);
  });

  it('because its label was changed or taken off', async () => {
    const world = await deployed(KEPT + EXTRA + EXTRA.replace('extra', 'other'));
    await world.kubectl(['label', 'configmap', 'extra', 'plumbline.dev/owner-']);
    await world.kubectl(['label', '--overwrite', 'configmap', 'other', 'plumbline.dev/owner=test.another-row']);
    await removeBy(world, KEPT);
    expect([await exists(world, 'extra'), await exists(world, 'other')]).toEqual([true, true]);
    expect(await world.open()).toMatchObject([{ object: { name: 'extra' }, decision: 'blocked', error: { reason: 'LabelRemoved' } }]);
  });

  it('while something that is in Git cannot be applied', async () => {
    const world = await deployed(KEPT + EXTRA);
    await removeBy(world, `${KEPT}---\n${KEPT.replace('kept', 'broken').replace('blue', '[1]')}`);
    expect(await exists(world, 'extra')).toBe(true);
    expect(await world.open()).toContainEqual(
      expect.objectContaining({ kind: 'prune', error: expect.objectContaining({ reason: 'NotAllApplied' }) }),
    );
  });

  it('while it cannot be read, or its kind is not told', async () => {
    const world = await deployed(KEPT + EXTRA);
    await world.commit(KEPT, AT_ONCE);
    await world.reconcile();
    const unserved: typeof world.deps.connect = async (...request) => {
      const client = await world.deps.connect(...request);
      const discover: typeof client.discover = async (signal) => {
        const discovery = await client.discover(signal);
        return { ...discovery, served: () => ({ ...discovery.served(), complete: false }) };
      };
      return new Proxy(client, { get: (target, name) => (name === 'discover' ? discover : Reflect.get(target, name)) });
    };
    expect(objectRecords(await world.reconcile({ connect: unserved }))).toMatchObject([{ error: { reason: 'DiscoveryGap' } }]);
    expect(await exists(world, 'extra')).toBe(true);
    const unreadable: typeof world.deps.connect = async (...request) => {
      const client = await world.deps.connect(...request);
      const get: typeof client.get = async (resource, id, signal) => {
        if (id.name === 'extra') throw new Error('the list failed');
        return client.get(resource, id, signal);
      };
      return new Proxy(client, { get: (target, name) => (name === 'get' ? get : Reflect.get(target, name)) });
    };
    expect(objectRecords(await world.reconcile({ connect: unreadable }))).toMatchObject([{ kind: 'prune', decision: 'failed' }]);
    expect(await exists(world, 'extra')).toBe(true);
  });

  it('over the limit, until exactly that many are expected, and only once', async () => {
    const world = await deployed(KEPT + maps(7));
    await removeBy(world, KEPT);
    expect(await exists(world, 'extra-0')).toBe(true);
    expect(await world.open()).toHaveLength(7);
    expect((await world.open())[0]?.error).toMatchObject({ reason: 'OverLimit', message: expect.stringContaining('prune: { expect: 7 }') });

    const expecting = { settings: { prune: { delay: '0s', expect: 7 } } };
    await removeBy(world, KEPT, expecting);
    expect(await exists(world, 'extra-0')).toBe(false);
    expect(await world.open()).toEqual([]);

    await world.commit(KEPT + maps(7), expecting);
    await world.reconcile();
    await removeBy(world, KEPT, expecting);
    expect(await exists(world, 'extra-0')).toBe(true);
  });

  it('that was there before us', async () => {
    const world = await createWorld();
    await world.kubectl(['create', 'configmap', 'extra', '--from-literal=colour=blue']);
    await world.commit(KEPT + EXTRA);
    await world.reconcile();
    const result = await removeBy(world, KEPT);
    expect(await exists(world, 'extra')).toBe(true);
    expect(result.outcome).toBe('in-sync');
    expect(await world.stores.records.query({ cluster: world.row.cluster, kind: 'prune' })).toMatchObject([
      { decision: 'tolerated', error: { reason: 'Adopted' }, resolvedAt: expect.any(String) },
    ]);
  });

  it('that a controller owns', async () => {
    const world = await deployed(KEPT + EXTRA);
    const { uid } = (await world.live('configmap', 'kept')).metadata;
    const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'kept', uid, controller: true };
    await world.kubectl(['patch', 'configmap', 'extra', '--type=merge', '-p', JSON.stringify({ metadata: { ownerReferences: [owner] } })]);
    await removeBy(world, KEPT);
    expect(await exists(world, 'extra')).toBe(true);
    expect(await world.open()).toMatchObject([{ error: { reason: 'Controlled' } }]);
  });

  it('that another deployer has taken over, and the row forgets it', async () => {
    const world = await deployed(KEPT + EXTRA);
    await world.commit(KEPT);
    await world.reconcile();
    await world.kubectl(['label', 'configmap', 'extra', 'kustomize.toolkit.fluxcd.io/name=apps']);
    world.advance(700);
    expect((await world.reconcile()).outcome).toBe('in-sync');
    expect(await exists(world, 'extra')).toBe(true);
    expect(await world.open()).toEqual([]);
    expect((await world.stores.artifacts.getInventory(world.row.cluster))?.objects).toHaveLength(1);
  });

  it('that somebody made anew under the same name', async () => {
    const world = await deployed(KEPT + EXTRA);
    await world.kubectl(['delete', 'configmap', 'extra']);
    await world.kubectl(['create', 'configmap', 'extra', '--from-literal=theirs=1']);
    const result = await removeBy(world, KEPT);
    expect([result.outcome, await exists(world, 'extra')]).toEqual(['in-sync', true]);
    expect(await world.open()).toEqual([]);
  });

  it('by a late run that lost its lease', async () => {
    const world = await deployed(KEPT + EXTRA);
    await world.commit(KEPT, AT_ONCE);
    await world.reconcile();
    const connect: typeof world.deps.connect = async (...request) => {
      const client = await world.deps.connect(...request);
      const get: typeof client.get = async (resource, id, signal) => {
        const answer = await client.get(resource, id, signal);
        if (id.name === 'extra') world.advance(3600);
        return answer;
      };
      return new Proxy(client, { get: (target, name) => (name === 'get' ? get : Reflect.get(target, name)) });
    };
    const late = await world.reconcile({ connect });
    expect(objectRecords(late)).toMatchObject([{ kind: 'prune', decision: 'failed', error: { reason: 'LeaseLost' } }]);
    expect(await exists(world, 'extra')).toBe(true);
  });
});
