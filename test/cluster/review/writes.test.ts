import { describe, expect, it } from 'vitest';
import { ApiError, type KubernetesClient } from '../../../lib/kubernetes/index.ts';
import { createWorld, objectRecords, type World } from '../reconcile/world.ts';

const SETTINGS = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings, namespace: NS }\ndata: { colour: blue }\n';

type Apply = KubernetesClient['apply'];

/** A connection whose writes, not its dry-runs, go through `write`. */
function writingThrough(world: World, write: (apply: Apply) => Apply): () => Promise<KubernetesClient> {
  return async () => {
    const client = await world.deps.connect(world.row, AbortSignal.timeout(5_000));
    const real: Apply = (...request) => client.apply(...request);
    const changed = write(real);
    const apply: Apply = (resource, object, options, signal) =>
      options.dryRun ? real(resource, object, options, signal) : changed(resource, object, options, signal);
    return new Proxy(client, { get: (target, name) => (name === 'apply' ? apply : Reflect.get(target, name)) });
  };
}

describe('a creation', () => {
  it('does not overwrite an object that another deployer created since it was seen to be absent', async () => {
    const world = await createWorld();
    await world.commit(SETTINGS);
    const theirs = `
apiVersion: v1
kind: ConfigMap
metadata: { name: settings, labels: { kustomize.toolkit.fluxcd.io/name: apps } }
data: { colour: red }
`;
    const connect = writingThrough(world, (apply) => async (...request) => {
      await world.kubectl(['create', '-f', '-'], theirs);
      return apply(...request);
    });

    const result = await world.reconcile({ connect });

    expect(objectRecords(result)).toMatchObject([{ decision: 'refused', class: 'owner' }]);
    expect(await world.live('configmap', 'settings')).toMatchObject({ data: { colour: 'red' } });
    expect((await world.live('configmap', 'settings')).metadata.labels).toEqual({ 'kustomize.toolkit.fluxcd.io/name': 'apps' });
  });
});

describe('a write whose answer was lost', () => {
  /** The server does it, and the connection breaks before the answer: sent again, it meets its own work. */
  const losingTheAnswer = (world: World) =>
    writingThrough(world, (apply) => async (...request) => {
      await apply(...request);
      return apply(...request);
    });

  it('leaves a record of the drift that it corrected', async () => {
    const world = await createWorld();
    await world.commit(SETTINGS);
    await world.reconcile();
    await world.kubectl(['patch', 'configmap', 'settings', '-p', '{"data":{"colour":"red"}}']);

    const result = await world.reconcile({ connect: losingTheAnswer(world) });

    expect((await world.live('configmap', 'settings')).data).toEqual({ colour: 'blue' });
    expect(objectRecords(result)).toMatchObject([
      { kind: 'drift', class: 'value', actor: { manager: 'kubectl-patch' }, verifiedAt: expect.any(String) },
    ]);
    expect(await world.open()).toEqual([]);
  });

  it('leaves a record of the object that it created', async () => {
    const world = await createWorld();
    await world.commit(SETTINGS);
    const result = await world.reconcile({ connect: losingTheAnswer(world) });
    expect(objectRecords(result)).toMatchObject([{ kind: 'rollout', class: 'created', verifiedAt: expect.any(String) }]);
    expect((await world.stores.artifacts.getInventory(world.row.cluster))?.objects).toMatchObject([
      { name: 'settings', uid: expect.any(String), artifact: expect.any(String) },
    ]);
  });
});

describe('a write that the server refuses once for another reason', () => {
  it('is not tried as a creation when the object was deleted, but observed again', async () => {
    const world = await createWorld();
    await world.commit(SETTINGS);
    await world.reconcile();
    await world.kubectl(['patch', 'configmap', 'settings', '-p', '{"data":{"colour":"red"}}']);
    let deleted = false;
    const connect = writingThrough(world, (apply) => async (...request) => {
      if (!deleted) {
        deleted = true;
        await world.kubectl(['delete', 'configmap', 'settings']);
        await expect(apply(...request)).rejects.toSatisfy((error) => error instanceof ApiError && error.reason === 'Conflict');
      }
      return apply(...request);
    });
    const result = await world.reconcile({ connect });
    expect(objectRecords(result)).toMatchObject([{ kind: 'drift', class: 'missing', decision: 'corrected' }]);
  });
});
