import { describe, expect, it } from 'vitest';
import { createWorld, objectRecords } from '../reconcile/world.ts';

const SETTINGS = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings, namespace: NS }\ndata: { colour: blue }\n';

describe('what is known of a cluster', () => {
  it('is forgotten when the row names another one, whose objects are met for the first time', async () => {
    const world = await createWorld();
    await world.commit(SETTINGS);
    await world.reconcile();
    await world.stores.state.delete(world.row.cluster);
    const elsewhere = await createWorld({ cluster: 'prod-us' });
    await world.commit(SETTINGS.replace('namespace: NS', `namespace: ${elsewhere.namespace}`));
    const first = SETTINGS.replace('namespace: NS', `namespace: ${world.namespace}`);
    await elsewhere.kubectl(['create', 'namespace', world.namespace]);
    await world.commit(first);

    const result = await world.reconcile({ connect: elsewhere.deps.connect });

    expect(objectRecords(result)).toMatchObject([{ kind: 'rollout', class: 'created' }]);
    await elsewhere.kubectl(['delete', 'namespace', world.namespace, '--wait=false']);
  });
});
