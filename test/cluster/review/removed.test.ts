import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { RunResult } from '../../../lib/reconcile/index.ts';
import { createWorld, objectRecords } from '../reconcile/world.ts';

const SETTINGS = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings, namespace: NS }\ndata: { colour: blue }\n';

describe('an object that is no longer in Git', () => {
  it('and cannot be read keeps the cluster from being in sync', async () => {
    const world = await createWorld();
    await world.commit(`${SETTINGS}---\n${SETTINGS.replace('settings', 'extra')}`);
    await world.reconcile();
    await world.commit(SETTINGS);
    const connect: typeof world.deps.connect = async (...request) => {
      const client = await world.deps.connect(...request);
      const get: typeof client.get = async (resource, id, signal) => {
        const answer = await client.get(resource, id, signal);
        if (id.name === 'extra') throw new ForbiddenError();
        return answer;
      };
      return new Proxy(client, { get: (target, name) => (name === 'get' ? get : Reflect.get(target, name)) });
    };

    const result = await world.reconcile({ connect });

    expect(result.outcome).toBe('failed');
    expect(objectRecords(result)).toMatchObject([
      { kind: 'prune', object: { name: 'extra' }, decision: 'failed', error: { reason: 'Unexpected' } },
    ]);
    expect((await world.reconcile()).outcome).toBe('drifting');
    expect(await world.open()).toMatchObject([{ kind: 'prune', class: 'removed-from-git', decision: 'held' }]);
  });

  it('is gone with the definition of its kind, and unknown while the server only does not serve it', async () => {
    const world = await createWorld();
    const group = `${world.namespace}.example.com`;
    const definition = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: ledgers.${group} }
spec:
  group: ${group}
  names: { kind: Ledger, plural: ledgers }
  scope: Namespaced
  versions: [{ name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object } } }]
`;
    const ledger = `apiVersion: ${group}/v1\nkind: Ledger\nmetadata: { name: main, namespace: NS }\n`;
    await world.commit(`${definition}---\n${ledger}`);
    expect((await world.reconcile()).outcome).toBe('in-sync');
    await world.commit(definition.replace('served: true', 'served: false'));

    expect(await world.reconcile()).toMatchObject({ outcome: 'drifting' });
    const unserved = await until(world.reconcile, ({ outcome }) => outcome === 'failed');
    expect(objectRecords(unserved)).toMatchObject([
      { kind: 'prune', decision: 'failed', error: { reason: expect.stringMatching(/^(DiscoveryGap|KindNotFound)$/) } },
    ]);
    await world.commit(SETTINGS);
    await world.kubectl(['delete', 'crd', `ledgers.${group}`]);
    await until(world.reconcile, ({ outcome }) => outcome === 'in-sync');
    expect(await world.open()).toEqual([]);
  });
});

/** Discovery follows a definition within seconds. */
async function until(run: () => Promise<RunResult>, done: (result: RunResult) => boolean): Promise<RunResult> {
  for (let attempt = 0; attempt < 40; attempt += 1) {
    const result = await run();
    if (done(result)) return result;
    await sleep(250);
  }
  throw new Error('the cluster did not come to it within ten seconds');
}

class ForbiddenError extends Error {}
