import { describe, expect, it } from 'vitest';
import { createWorld, objectRecords } from '../reconcile/world.ts';

const SETTINGS = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings, namespace: NS }\ndata: { colour: blue }\n';

describe('an object that another row applies', () => {
  it('stays refused when somebody takes the label off it', async () => {
    const owner = await createWorld();
    await owner.commit(SETTINGS);
    await owner.reconcile();
    await owner.kubectl(['label', 'configmap', 'settings', 'plumbline.dev/owner-']);
    const other = await createWorld({ beside: owner });
    await other.commit(SETTINGS.replace('blue', 'green'));

    expect(objectRecords(await other.reconcile())).toMatchObject([{ decision: 'refused', error: { reason: 'OwnedByAnother' } }]);
    expect((await owner.live('configmap', 'settings')).data).toEqual({ colour: 'blue' });
    expect((await owner.reconcile()).outcome).toBe('corrected');
  });
});
