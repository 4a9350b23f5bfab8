import { expect, it } from 'vitest';
import { createWorld } from '../reconcile/world.ts';

it('a cluster is as old as the run that verified it, however long that took', async () => {
  const world = await createWorld({ mode: 'observe' });
  await world.commit('apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings, namespace: NS }\ndata: { colour: blue }\n');
  const began = world.deps.clock.now();
  const connect: typeof world.deps.connect = async (...request) => {
    const client = await world.deps.connect(...request);
    const apply: typeof client.apply = async (...write) => {
      const answer = await client.apply(...write);
      world.advance(100);
      return answer;
    };
    return new Proxy(client, { get: (target, name) => (name === 'apply' ? apply : Reflect.get(target, name)) });
  };

  await world.reconcile({ connect });

  const state = await world.stores.state.get(world.row.cluster);
  expect(Date.parse(state?.verifiedAt ?? '')).toBeLessThan(began.getTime() + 50_000);
  expect(Date.parse(state?.lastRunAt ?? '')).toBeGreaterThanOrEqual(began.getTime() + 100_000);
});
