import { describe, expect, it } from 'vitest';
import { createWorld, runRecord } from '../reconcile/world.ts';

const SETTINGS = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings, namespace: NS }\ndata: { colour: blue }\n';

describe('what is desired', () => {
  it.each([
    ['repository', { repository: 'https://git.example/other.git' }],
    ['branch', { branch: 'stable' }],
    ['path', { path: 'platform' }],
  ])('is nothing that was rendered for another %s than the row names now', async (_what, changed) => {
    const world = await createWorld();
    await world.commit(SETTINGS);
    await world.reconcile();
    await world.kubectl(['patch', 'configmap', 'settings', '-p', '{"data":{"colour":"red"}}']);

    const result = await world.reconcile({}, changed);

    expect(runRecord(result)).toMatchObject({ outcome: 'blocked', error: { reason: 'WaitingForSource' } });
    expect((await world.live('configmap', 'settings')).data).toEqual({ colour: 'red' });
    expect((await world.reconcile()).outcome).toBe('corrected');
  });

  it('is the artifact that is published when the lease is taken, not one that another run has gone past', async () => {
    const world = await createWorld();
    await world.commit(SETTINGS);
    await world.reconcile();
    const connect: typeof world.deps.connect = async (...request) => {
      await world.commit(SETTINGS.replace('blue', 'green'));
      expect((await world.reconcile()).outcome).toBe('in-sync');
      return world.deps.connect(...request);
    };
    await world.reconcile({ connect });
    expect((await world.live('configmap', 'settings')).data).toEqual({ colour: 'green' });
  });
});
