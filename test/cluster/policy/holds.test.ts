import { describe, expect, it } from 'vitest';
import { createWorld, objectRecords, type World } from '../reconcile/world.ts';

const SETTINGS = `
apiVersion: v1
kind: ConfigMap
metadata: { name: settings, namespace: NS, labels: { tier: front } }
data: { colour: blue, size: large }
`;

async function deployed(): Promise<World> {
  const world = await createWorld();
  await world.commit(SETTINGS);
  expect((await world.reconcile()).outcome).toBe('in-sync');
  return world;
}

const change = (world: World, data: Readonly<Record<string, string>>) =>
  world.kubectl(['patch', 'configmap', 'settings', '-p', JSON.stringify({ data })]);
const data = async (world: World) => (await world.live('configmap', 'settings')).data;
const version = async (world: World) => (await world.live('configmap', 'settings')).metadata.resourceVersion;

describe('grace', () => {
  it('holds a drift that is seen, and corrects it at its end', async () => {
    const world = await deployed();
    const grace = { graceSeconds: 600 };
    await change(world, { colour: 'red' });

    const held = await world.reconcile({}, grace);
    const [record] = objectRecords(held);
    expect(record).toMatchObject({ class: 'value', decision: 'held', event: 'held', actor: { manager: 'kubectl-patch' } });
    expect(Date.parse(record?.heldUntil ?? '') - Date.parse(record?.at ?? '')).toBeGreaterThanOrEqual(600_000);
    expect(held.outcome).toBe('drifting');
    expect(await data(world)).toEqual({ colour: 'red', size: 'large' });
    expect(await world.stores.state.get(world.row.cluster)).toMatchObject({ open: 1, held: 1 });

    world.advance(590);
    expect(objectRecords(await world.reconcile({}, grace))).toEqual([]);
    expect(await data(world)).toEqual({ colour: 'red', size: 'large' });

    world.advance(30);
    const corrected = await world.reconcile({}, grace);
    expect(objectRecords(corrected)).toMatchObject([{ id: record?.id, decision: 'corrected', event: 'verified' }]);
    expect(corrected.outcome).toBe('corrected');
    expect(await data(world)).toEqual({ colour: 'blue', size: 'large' });
    expect((await world.stores.state.get(world.row.cluster))?.held).toBeUndefined();
  });

  it('ends as resolved when a person puts it back', async () => {
    const world = await deployed();
    const grace = { graceSeconds: 600 };
    await change(world, { colour: 'red' });
    await world.reconcile({}, grace);
    await change(world, { colour: 'blue' });

    const records = objectRecords(await world.reconcile({}, grace));
    expect(records.find((record) => record.class === 'value')).toMatchObject({
      event: 'resolved',
      decision: 'held',
      resolvedAt: expect.any(String),
    });
    expect(records.find((record) => record.class === 'value')).not.toHaveProperty('correctedAt');
    expect(await world.open()).toEqual([]);
  });

  it('holds a deleted object too', async () => {
    const world = await deployed();
    await world.kubectl(['delete', 'configmap', 'settings']);
    expect(objectRecords(await world.reconcile({}, { graceSeconds: 60 }))).toMatchObject([{ class: 'missing', decision: 'held' }]);
    await expect(world.live('configmap', 'settings')).rejects.toThrow(/not found/);
    world.advance(90);
    expect(objectRecords(await world.reconcile({}, { graceSeconds: 60 }))).toMatchObject([{ class: 'missing', decision: 'corrected' }]);
    expect(await data(world)).toEqual({ colour: 'blue', size: 'large' });
  });
});

describe('an object with hold-until', () => {
  const hold = (world: World, until: string) =>
    world.kubectl(['annotate', '--overwrite', 'configmap', 'settings', `plumbline.dev/hold-until=${until}`]);

  it('keeps its change until then, and comes back after it', async () => {
    const world = await deployed();
    await change(world, { colour: 'red' });
    await hold(world, '2h');
    expect(objectRecords(await world.reconcile())).toMatchObject([{ class: 'value', decision: 'held', heldUntil: expect.any(String) }]);
    expect(await data(world)).toEqual({ colour: 'red', size: 'large' });

    world.advance(2 * 3600 + 60);
    expect(objectRecords(await world.reconcile())).toMatchObject([
      { class: 'value', decision: 'corrected', verifiedAt: expect.any(String) },
    ]);
    expect(await data(world)).toEqual({ colour: 'blue', size: 'large' });
  });

  it('keeps it while its neighbour is corrected', async () => {
    const world = await deployed();
    await change(world, { colour: 'red' });
    await hold(world, '2h');
    await world.reconcile();
    // A change of another class has a record of its own, whose hold begins later.
    await world.kubectl(['label', '--overwrite', 'configmap', 'settings', 'tier=back']);
    world.advance(7000);
    await world.reconcile();
    expect(await world.open()).toMatchObject([
      { class: 'value', decision: 'held' },
      { class: 'metadata', decision: 'held' },
    ]);
    // The older hold ends, and its correction leaves the younger one alone.
    world.advance(300);
    expect(objectRecords(await world.reconcile())).toMatchObject([
      { class: 'value', decision: 'corrected', verifiedAt: expect.any(String) },
    ]);
    expect(await data(world)).toEqual({ colour: 'blue', size: 'large' });
    expect((await world.live('configmap', 'settings')).metadata.labels).toMatchObject({ tier: 'back' });
    expect(await world.open()).toMatchObject([{ class: 'metadata', decision: 'held' }]);
  });

  it('keeps it while its neighbour is rolled out, until a commit changes that very field', async () => {
    const world = await deployed();
    await change(world, { colour: 'red' });
    await hold(world, '2h');
    await world.reconcile();

    await world.commit(SETTINGS.replace('size: large', 'size: small'));
    expect(objectRecords(await world.reconcile())).toMatchObject([
      { kind: 'rollout', class: 'changed', decision: 'applied', event: 'verified' },
    ]);
    expect(await data(world)).toEqual({ colour: 'red', size: 'small' });
    expect(await world.open()).toMatchObject([{ class: 'value', decision: 'held' }]);
    // Nothing is written again and again for it.
    const before = await version(world);
    await world.reconcile();
    expect(await version(world)).toBe(before);

    await world.commit(SETTINGS.replace('colour: blue', 'colour: green').replace('size: large', 'size: small'));
    await world.reconcile();
    expect(await data(world)).toEqual({ colour: 'green', size: 'small' });
    expect(await world.open()).toEqual([]);
  });

  it('is held no longer than the row allows', async () => {
    const world = await deployed();
    await change(world, { colour: 'red' });
    await hold(world, '2099-01-01T00:00:00Z');
    await world.reconcile({}, { holdLimitSeconds: 3600 });
    expect(await data(world)).toEqual({ colour: 'red', size: 'large' });
    world.advance(3700);
    await world.reconcile({}, { holdLimitSeconds: 3600 });
    expect(await data(world)).toEqual({ colour: 'blue', size: 'large' });
  });

  it('is told when nobody can read it, and corrected', async () => {
    const world = await deployed();
    await change(world, { colour: 'red' });
    await hold(world, 'tomorrow');
    const records = objectRecords(await world.reconcile());
    expect(records).toMatchObject([
      { class: 'value', decision: 'corrected' },
      { class: 'annotation', decision: 'reported', error: { reason: 'InvalidAnnotation', message: expect.stringContaining('"tomorrow"') } },
    ]);
    expect(await data(world)).toEqual({ colour: 'blue', size: 'large' });
    expect(await world.open()).toMatchObject([{ class: 'annotation' }]);
    await world.kubectl(['annotate', 'configmap', 'settings', 'plumbline.dev/hold-until-']);
    await world.reconcile();
    expect(await world.open()).toEqual([]);
  });
});

describe('an object whose reconciliation is disabled', () => {
  it('is compared and never written, by drift or commit, until the mark is taken off', async () => {
    const world = await deployed();
    await world.kubectl(['annotate', 'configmap', 'settings', 'plumbline.dev/reconcile=disabled']);
    await change(world, { colour: 'red' });
    await world.commit(SETTINGS.replace('size: large', 'size: small'));
    const before = await version(world);

    expect(objectRecords(await world.reconcile())).toMatchObject([
      { kind: 'drift', class: 'value', decision: 'suspended' },
      { kind: 'rollout', class: 'changed', decision: 'suspended' },
    ]);
    expect(await version(world)).toBe(before);

    await world.kubectl(['annotate', 'configmap', 'settings', 'plumbline.dev/reconcile-']);
    await world.reconcile();
    expect(await data(world)).toEqual({ colour: 'blue', size: 'small' });
    expect(await world.open()).toEqual([]);
  });

  it('by Git is written again once Git says so no more', async () => {
    const disabled = SETTINGS.replace('labels:', 'annotations: { plumbline.dev/reconcile: disabled }, labels:');
    const world = await deployed();
    await world.commit(disabled);
    // The mark itself is the first thing that is not written.
    expect(objectRecords(await world.reconcile())).toMatchObject([{ kind: 'rollout', decision: 'suspended' }]);
    await change(world, { colour: 'red' });
    await world.reconcile();
    expect(await data(world)).toEqual({ colour: 'red', size: 'large' });
    await world.commit(SETTINGS);
    await world.reconcile();
    expect(await data(world)).toEqual({ colour: 'blue', size: 'large' });
  });
});

describe('a suspended cluster', () => {
  it('has drift and rollouts recorded, and nothing written', async () => {
    const world = await deployed();
    await change(world, { colour: 'red' });
    await world.commit(SETTINGS.replace('size: large', 'size: small'));
    const before = await version(world);
    const suspendedUntil = new Date(Date.now() + 3_600_000).toISOString();
    const suspension = { suspendedUntil, suspendedReason: 'upgrade' };

    expect(objectRecords(await world.reconcile({}, suspension))).toMatchObject([
      { kind: 'drift', decision: 'suspended', heldUntil: suspendedUntil },
      { kind: 'rollout', decision: 'suspended', heldUntil: suspendedUntil },
    ]);
    expect(await version(world)).toBe(before);

    world.advance(3700);
    await world.reconcile({}, suspension);
    expect(await data(world)).toEqual({ colour: 'blue', size: 'small' });
  });
});

describe('windows', () => {
  /** Always inside: it begins each hour and lasts an hour, until the moment that the test is about. */
  const closedNow = (applies?: readonly ['drift' | 'rollout']) => {
    const now = new Date();
    const schedule = `${now.getUTCMinutes()} ${now.getUTCHours()} ${now.getUTCDate()} ${now.getUTCMonth() + 1} *`;
    return { windows: [{ kind: 'deny' as const, schedule, duration: '2h', ...(applies === undefined ? {} : { applies: [...applies] }) }] };
  };

  it('hold drift and rollouts until they open', async () => {
    const world = await deployed();
    await change(world, { colour: 'red' });
    await world.commit(SETTINGS.replace('size: large', 'size: small'), { settings: closedNow() });
    const before = await version(world);

    expect(objectRecords(await world.reconcile())).toMatchObject([
      { kind: 'drift', decision: 'held', heldUntil: expect.any(String) },
      { kind: 'rollout', decision: 'held', heldUntil: expect.any(String) },
    ]);
    expect(await version(world)).toBe(before);

    world.advance(2 * 3600);
    await world.reconcile();
    expect(await data(world)).toEqual({ colour: 'blue', size: 'small' });
    expect(await world.open()).toEqual([]);
  });

  it('for rollouts alone let drift be corrected', async () => {
    const world = await deployed();
    await change(world, { colour: 'red' });
    await world.commit(SETTINGS.replace('size: large', 'size: small'), { settings: closedNow(['rollout']) });

    const records = objectRecords(await world.reconcile());
    expect(records).toMatchObject([
      { kind: 'drift', decision: 'corrected', event: 'verified' },
      { kind: 'rollout', decision: 'held' },
    ]);
    expect(await data(world)).toEqual({ colour: 'blue', size: 'large' });
    // It is still a rollout, and no drift, in the next run.
    await world.reconcile();
    expect(await world.open()).toMatchObject([{ kind: 'rollout', class: 'changed', decision: 'held' }]);

    world.advance(2 * 3600);
    await world.reconcile();
    expect(await data(world)).toEqual({ colour: 'blue', size: 'small' });
    expect(await world.open()).toEqual([]);
  });
});

describe('a cluster that is only observed', () => {
  it('is never written, whatever holds, rules and windows say', async () => {
    const world = await deployed();
    const version = () => world.kubectl(['get', 'configmap', 'settings', '-o', 'jsonpath={.metadata.resourceVersion}']);
    await change(world, { colour: 'red' });
    await world.kubectl(['annotate', 'configmap', 'settings', 'plumbline.dev/hold-until=1m']);
    await world.commit(SETTINGS.replace('size: large', 'size: small'), { settings: { policy: [{ mode: 'enforce', grace: '1m' }] } });
    const before = await version();
    for (let minute = 0; minute < 5; minute += 1) {
      const { outcome } = await world.reconcile({}, { mode: 'observe', graceSeconds: 60 });
      expect(outcome).toBe('drifting');
      world.advance(60);
    }
    expect(await version()).toBe(before);
    expect(await world.open()).toMatchObject([{ decision: 'observed' }, { decision: 'observed' }]);
  });
});

describe('a rule that only observes some objects', () => {
  it('records their drift, writes the others, and says of none that our label is missing', async () => {
    const other = SETTINGS.replace('name: settings', 'name: other');
    const world = await createWorld();
    const settings = { policy: [{ kind: 'ConfigMap', name: 'other', mode: 'observe' as const }] };
    await world.kubectl(['create', 'configmap', 'other', '--from-literal=colour=blue', '--from-literal=size=large']);
    await world.kubectl(['label', 'configmap', 'other', 'tier=front']);
    await world.commit(`${SETTINGS}---${other}`, { settings });
    expect((await world.reconcile()).outcome).toBe('in-sync');
    expect((await world.live('configmap', 'other')).metadata.labels).toEqual({ tier: 'front' });

    await change(world, { colour: 'red' });
    await world.kubectl(['patch', 'configmap', 'other', '-p', '{"data":{"colour":"red"}}']);
    expect(objectRecords(await world.reconcile())).toMatchObject([
      { object: { name: 'settings' }, decision: 'corrected' },
      { object: { name: 'other' }, decision: 'observed' },
    ]);
    expect((await world.live('configmap', 'other')).data).toEqual({ colour: 'red', size: 'large' });
    expect(await data(world)).toEqual({ colour: 'blue', size: 'large' });
  });
});
