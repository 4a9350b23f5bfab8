import { describe, expect, it } from 'vitest';
import { createWorld, objectRecords, type World } from '../reconcile/world.ts';
import { watchRun } from './watched-run.ts';

const NAMES = ['runner', 'settings', 'web'];
const GIT = `apiVersion: v1
kind: ConfigMap
metadata: { name: settings, namespace: NS, labels: { app: web } }
data: { colour: blue }
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: runner, namespace: NS }
secrets: [{ name: first }, { name: second }]
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: NS }
spec:
  replicas: 1
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: registry.example/web:1 }] }
`;

async function settled(options: Parameters<typeof createWorld>[0] = {}): Promise<World> {
  const world = await createWorld(options);
  await world.commit(GIT);
  await world.reconcile();
  return world;
}

const checkpointOf = async ({ stores, row }: World): Promise<string> => (await stores.artifacts.getCheckpoint(row.cluster)) ?? '';
const putCheckpoint = ({ stores, row }: World, text: string) => stores.artifacts.putCheckpoint(row.cluster, text);
/** What a write changed that moves no ownership: nothing but verifying it shows that. */
const reorder = ({ kubectl }: World) =>
  kubectl([
    'patch',
    'serviceaccount',
    'runner',
    '--type=json',
    '--patch',
    '[{"op":"replace","path":"/secrets","value":[{"name":"second"},{"name":"first"}]}]',
  ]);
const managerOf = ({ row }: World) => `plumbline-test-${row.cluster}`;
const secretsOf = async (world: World) => (await world.live('serviceaccount', 'runner')).secrets;

describe('a run of which nothing moved', () => {
  it('reads and dry-runs no object, writes nothing, and is in sync', async () => {
    const world = await settled();
    const run = await watchRun(world);
    expect(run).toMatchObject({ outcome: 'in-sync', read: [], dryRun: [], applied: [], stored: false });
    expect(run.requests).toBeLessThanOrEqual(20);
  });

  it('says when every object was looked at, and how old the oldest verification is', async () => {
    const world = await settled();
    const before = await world.stores.state.get(world.row.cluster);
    world.advance(30);
    await world.reconcile();
    const after = await world.stores.state.get(world.row.cluster);
    expect(Date.parse(after?.observedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(before?.observedAt ?? '') + 30_000);
    expect(Date.parse(after?.verifiedAt ?? '')).toBeLessThan(Date.parse(after?.observedAt ?? ''));
  });

  it('is not disturbed by controllers that write status', async () => {
    const world = await settled();
    const status = (minute: number) => {
      const at = `2026-01-01T00:0${minute}:00Z`;
      const available = { type: 'Available', status: 'True', lastUpdateTime: at, lastTransitionTime: at };
      const counts = { observedGeneration: 1, replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 };
      const progressing = { ...available, type: 'Progressing', reason: 'NewReplicaSetAvailable' };
      const patch = JSON.stringify({ status: { ...counts, conditions: [available, progressing] } });
      return world.kubectl(['patch', 'deployment', 'web', '--subresource=status', '--type=merge', '--patch', patch]);
    };
    await status(0);
    await world.reconcile();
    for (const minute of [1, 2, 3]) await status(minute);
    expect(await watchRun(world)).toMatchObject({ outcome: 'in-sync', read: [], dryRun: [], stored: false });
  });

  it('observes in the same way', async () => {
    const world = await settled();
    const observed = await createWorld({ mode: 'observe', beside: world });
    await observed.commit(GIT);
    expect(objectRecords(await observed.reconcile())).toMatchObject(NAMES.map(() => ({ class: 'owner' })));
    const alone = await createWorld({ mode: 'observe' });
    await alone.kubectl(['apply', '-f', '-'], GIT.replaceAll('NS', alone.namespace));
    await alone.commit(GIT);
    await alone.reconcile();
    expect(await watchRun(alone)).toMatchObject({ outcome: 'in-sync', read: [], dryRun: [], stored: false });
  });
});

describe('every object is verified', () => {
  const foreign = (fields: object) => (text: string) => JSON.stringify({ ...JSON.parse(text), ...fields });
  it.each<[string, (text: string) => string]>([
    ['lost', () => ''],
    ['garbled', (text) => text.slice(0, -40)],
    ['of another format', foreign({ format: 999 })],
    ['of another cluster', foreign({ clusterUid: 'another' })],
    ['of another row', foreign({ owner: 'test.another' })],
    ['of other settings', foreign({ settings: 'another' })],
    ['ahead of what the server says now', (text) => text.replaceAll(/("\/api[^"]*"),"\d+"/g, '$1,"99999999999"')],
  ])('when the checkpoint is %s: what only that shows is found', async (_what, change) => {
    const world = await settled();
    await reorder(world);
    expect(await watchRun(world)).toMatchObject({ outcome: 'in-sync', dryRun: [] });

    await putCheckpoint(world, change(await checkpointOf(world)));
    const run = await watchRun(world);

    expect(run.dryRun.toSorted()).toEqual(NAMES);
    expect(run).toMatchObject({ outcome: 'corrected', applied: ['runner'], stored: true });
    expect(await secretsOf(world)).toEqual([{ name: 'first' }, { name: 'second' }]);
    expect(await watchRun(world)).toMatchObject({ outcome: 'in-sync', read: [], dryRun: [], stored: false });
  });

  it('when a row that only observed is enforced: it looked at no ownership', async () => {
    const world = await createWorld({ mode: 'observe' });
    await world.kubectl(['apply', '--server-side', '-f', '-'], GIT.replaceAll('NS', world.namespace));
    await world.commit(GIT);
    await world.reconcile();
    const enforced = await world.reconcile({}, { mode: 'enforce' });
    expect(objectRecords(enforced).map(({ object }) => object.name)).toEqual(expect.arrayContaining(NAMES));
    expect((await world.live('configmap', 'settings')).metadata.labels).toHaveProperty('plumbline.dev/owner');
  });
});

describe('an object is looked at', () => {
  it.each<[string, (world: World) => Promise<unknown>, string]>([
    [
      'a value that is ours was changed',
      ({ kubectl }) => kubectl(['patch', 'configmap', 'settings', '--type=merge', '--patch', '{"data":{"colour":"red"}}']),
      'corrected',
    ],
    [
      'a label that is ours was changed',
      ({ kubectl }) => kubectl(['label', 'configmap', 'settings', 'app=other', '--overwrite']),
      'corrected',
    ],
    ['our own label was taken off', ({ kubectl }) => kubectl(['label', 'configmap', 'settings', 'plumbline.dev/owner-']), 'corrected'],
    [
      'somebody put a field beside ours',
      ({ kubectl }) => kubectl(['patch', 'configmap', 'settings', '--type=merge', '--patch', '{"data":{"size":"9"}}']),
      'corrected',
    ],
    ['it was deleted', ({ kubectl }) => kubectl(['delete', 'configmap', 'settings']), 'corrected'],
    [
      'it was deleted and created again',
      async ({ kubectl }) => {
        await kubectl(['delete', 'configmap', 'settings']);
        await kubectl(['create', 'configmap', 'settings', '--from-literal=colour=blue']);
      },
      'corrected',
    ],
    [
      'its managed fields were cleared',
      ({ kubectl }) =>
        kubectl([
          'patch',
          'configmap',
          'settings',
          '--type=json',
          '--patch',
          '[{"op":"replace","path":"/metadata/managedFields","value":[{}]}]',
        ]),
      'in-sync',
    ],
  ])('when %s', async (_what, edit, outcome) => {
    const world = await settled();
    await edit(world);
    const run = await watchRun(world);
    expect(run.outcome).toBe(outcome);
    expect(new Set([...run.read, ...run.dryRun])).toEqual(new Set(['settings']));
    expect(run.applied).toEqual(['settings']);
    const live = await world.live('configmap', 'settings');
    expect(live.data).toEqual({ colour: 'blue' });
    expect(live.metadata.managedFields?.map(({ manager }) => manager)).toContain(managerOf(world));
    expect(await watchRun(world)).toMatchObject({ outcome: 'in-sync', read: [], dryRun: [] });
  });

  it('for as long as something is open of it, though an older checkpoint vouches for it', async () => {
    const world = await createWorld({ mode: 'observe' });
    await world.kubectl(['apply', '-f', '-'], GIT.replaceAll('NS', world.namespace));
    await world.commit(GIT);
    await world.reconcile();
    const before = await checkpointOf(world);
    await world.kubectl(['patch', 'configmap', 'settings', '--type=merge', '--patch', '{"data":{"colour":"red"}}']);
    await world.reconcile();
    // As if the run had been cut off before it stored the next one.
    await putCheckpoint(world, before);
    for (let run = 0; run < 2; run += 1) expect(await watchRun(world)).toMatchObject({ outcome: 'drifting', dryRun: ['settings'] });
    expect(await world.open()).toMatchObject([{ class: 'value', object: { name: 'settings' } }]);
  });
});
