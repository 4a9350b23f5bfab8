import { afterEach, describe, expect, it } from 'vitest';
import { createRecorder, createRecordIds } from '../../../lib/records/index.ts';
import { createWorld, objectRecords, type World } from '../reconcile/world.ts';

const SETTINGS = `
apiVersion: v1
kind: ConfigMap
metadata: { name: settings, namespace: NS }
data: { colour: blue, size: large }
`;

async function deployed(): Promise<World> {
  const world = await createWorld();
  await world.commit(SETTINGS);
  expect((await world.reconcile()).outcome).toBe('in-sync');
  return world;
}

const rival = (world: World, data: Readonly<Record<string, string>> = { colour: 'red' }) =>
  world.kubectl(['patch', 'configmap', 'settings', '--field-manager=autotuner', '-p', JSON.stringify({ data })]);
const data = async (world: World) => (await world.live('configmap', 'settings')).data;
const colour = async (world: World) => await world.kubectl(['get', 'configmap', 'settings', '-o', 'jsonpath={.data.colour}']);

/** Three times the rival changes the field and is corrected; then it changes it again. */
async function fought(world: World): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    await rival(world);
    expect(objectRecords(await world.reconcile())).toMatchObject([{ class: 'value', decision: 'corrected', event: 'verified' }]);
    world.advance(60);
  }
  await rival(world);
}

describe('a field that somebody changes each time it is corrected', () => {
  it('is left alone after three times, with the rival named, while its neighbour is corrected', async () => {
    const world = await deployed();
    await fought(world);
    await world.kubectl(['patch', 'configmap', 'settings', '-p', '{"data":{"size":"small"}}']);

    const result = await world.reconcile();
    expect(objectRecords(result)).toMatchObject([
      { class: 'value', decision: 'corrected', event: 'verified', changes: [{ path: 'data.size' }] },
      {
        class: 'contested',
        decision: 'backed-off',
        event: 'opened',
        actor: { manager: 'autotuner' },
        changes: [{ path: 'data.colour', desired: 'blue', live: 'red' }],
        heldUntil: expect.any(String),
        error: { reason: 'Contested', message: expect.stringContaining('autotuner changes data.colour again') },
      },
    ]);
    expect(result.outcome).toBe('drifting');
    expect(await data(world)).toEqual({ colour: 'red', size: 'large' });
    expect(await world.stores.state.get(world.row.cluster)).toMatchObject({ open: 1, backedOff: 1 });
  });

  it('is told once, and written less and less, as long as the fight lasts', async () => {
    const world = await deployed();
    const counts = new Map<string, number>();
    const recorder = createRecorder({
      records: world.stores.records,
      log: () => undefined,
      count: (metric, value) => counts.set(metric, (counts.get(metric) ?? 0) + value),
      clock: world.deps.clock,
      createIds: createRecordIds,
    });
    let writes = 0;
    for (let minute = 0; minute < 30; minute += 1) {
      await rival(world);
      await world.reconcile({ recorder });
      if ((await colour(world)) === 'blue') writes += 1;
      world.advance(60);
    }
    expect(counts.get('Fights')).toBe(1);
    // At minutes 0, 1, 2, 8 and 19.
    expect(writes).toBe(5);
    expect(await world.open()).toMatchObject([{ class: 'contested', actor: { manager: 'autotuner' } }]);
  });

  it('is over when the rival puts it back', async () => {
    const world = await deployed();
    await fought(world);
    await world.reconcile();
    await rival(world, { colour: 'blue' });
    world.advance(60);
    await world.reconcile();
    expect(await world.open()).toEqual([]);
    const { contested = [], backedOff } = (await world.stores.state.get(world.row.cluster)) ?? {};
    expect(contested.filter(({ path }) => path === 'data.colour')).toEqual([]);
    expect(backedOff).toBeUndefined();
  });

  it('is over a quarter of an hour after a correction that held', async () => {
    const world = await deployed();
    await fought(world);
    await world.reconcile();
    world.advance(6 * 60);
    const retried = await world.reconcile();
    expect(objectRecords(retried)).toMatchObject([{ class: 'contested', decision: 'corrected', event: 'corrected' }]);
    expect(await data(world)).toEqual({ colour: 'blue', size: 'large' });
    world.advance(60);
    await world.reconcile();
    expect(await world.open()).toMatchObject([{ class: 'contested' }]);
    world.advance(15 * 60);
    expect(objectRecords(await world.reconcile())).toMatchObject([{ class: 'contested', event: 'verified' }]);
    expect(await world.open()).toEqual([]);
  });
});

describe('an admission policy that changes what is written, and nothing that is only tried', () => {
  const cleanUps: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0)) await cleanUp();
  });

  async function recolour(world: World): Promise<void> {
    const name = world.namespace;
    const kinds = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['configmaps'] };
    const policy = {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingAdmissionPolicy',
      metadata: { name },
      spec: {
        reinvocationPolicy: 'Never',
        matchConstraints: { resourceRules: [kinds], namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } } },
        matchConditions: [{ name: 'real', expression: '!has(request.dryRun) || request.dryRun == false' }],
        mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression: '[JSONPatch{op: "add", path: "/data/colour", value: "red"}]' } }],
      },
    };
    const binding = { ...policy, kind: 'MutatingAdmissionPolicyBinding', spec: { policyName: name } };
    for (const object of [policy, binding]) {
      await world.kubectl(['create', '-f', '-'], JSON.stringify(object));
      cleanUps.push(() => world.kubectl(['delete', object.kind, name]));
    }
    // It takes the server some moments to act on it.
    for (let attempt = 0; (await colour(world)) !== 'red' && attempt < 100; attempt += 1) {
      await world.kubectl(['annotate', '--overwrite', 'configmap', 'settings', `attempt=${attempt}`]);
    }
    expect(await colour(world)).toBe('red');
    await world.kubectl(['annotate', 'configmap', 'settings', 'attempt-']);
  }

  it('is no endless loop: after three writes the field is left alone, and what to look for is said', async () => {
    const world = await deployed();
    await recolour(world);
    const versions = new Set<unknown>();
    for (let minute = 0; minute < 8; minute += 1) {
      await world.reconcile();
      versions.add((await world.live('configmap', 'settings')).metadata.resourceVersion);
      world.advance(60);
    }
    expect(versions.size).toBeLessThanOrEqual(3);
    expect(await world.open()).toMatchObject([
      {
        class: 'contested',
        decision: 'backed-off',
        actor: { manager: 'unknown' },
        error: { message: expect.stringContaining('look for an admission webhook') },
      },
    ]);
    // Nothing claims that it was corrected.
    const drift = await world.stores.records.query({ cluster: world.row.cluster, kind: 'drift' });
    expect(drift.filter((record) => 'verifiedAt' in record && record.class === 'value')).toEqual([]);
  });
});
