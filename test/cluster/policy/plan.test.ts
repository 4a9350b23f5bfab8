import { describe, expect, it } from 'vitest';
import { createWorld } from '../reconcile/world.ts';

const SETTINGS = `
apiVersion: v1
kind: ConfigMap
metadata: { name: settings, namespace: NS }
data: { colour: blue, size: large }
`;

describe('a plan', () => {
  it('says which paths are held, and until when', async () => {
    const world = await createWorld();
    await world.commit(SETTINGS);
    await world.reconcile();
    await world.kubectl(['patch', 'configmap', 'settings', '-p', '{"data":{"colour":"red"}}']);
    await world.reconcile({}, { graceSeconds: 3600 });
    const [record] = await world.open();

    await world.commit(SETTINGS.replace('size: large', 'size: small'));
    const { lines } = await world.plan();
    expect(lines).toMatchObject([{ action: 'update', held: [{ path: 'data.colour', decision: 'held', heldUntil: record?.heldUntil }] }]);

    // A commit that changes that very path is written over it.
    await world.commit(SETTINGS.replace('colour: blue', 'colour: green'));
    expect((await world.plan()).lines[0]).not.toHaveProperty('held');
  });

  it('says what waits for a window, and what is not written at all', async () => {
    const world = await createWorld();
    const off = SETTINGS.replace('metadata: {', 'metadata: { annotations: { plumbline.dev/reconcile: disabled },').replace(
      'settings',
      'disabled',
    );
    const settings = {
      windows: [{ kind: 'deny' as const, schedule: '* * * * *', duration: '1h' }],
      policy: [{ name: 'watched', mode: 'observe' as const }],
    };
    await world.commit(`${SETTINGS}---${SETTINGS.replace('settings', 'watched')}---${off}`, { settings });
    const { lines } = await world.plan();
    expect(lines.map(({ object, action, waits }) => `${object.name}: ${action}, ${waits?.decision}`)).toEqual([
      'settings: create, held',
      'watched: create, observed',
      'disabled: create, suspended',
    ]);
  });
});
