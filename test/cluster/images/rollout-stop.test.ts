import { expect, it } from 'vitest';
import { seenNodes } from '../../../lib/images/gate/rollout-place.ts';
import type { Platform, RolloutImage } from '../../../lib/images/types.ts';
import { createWorld, objectRecords, runRecord, type World } from '../reconcile/world.ts';

const [OLD, NEW] = ['a', 'b'].map((digit) => `registry.example/web:1@sha256:${digit.repeat(64)}`);
const GONE: RolloutImage = { stops: [{ reason: 'DigestMissing', message: 'image web:1: sha256:bb… is not in its registry any more.' }] };
const ARM: RolloutImage = { isIndex: true, platforms: [{ os: 'linux', architecture: 'arm64' }] };

const workload = (name: string, image: string | undefined, replicas = 1) => `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: NS }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec: { containers: [{ name: app, image: "${image}" }] }
---
`;

const stateOf = (world: World) => world.stores.state.get(world.row.cluster);
const specOf = async (world: World, name: string) => (await world.live('deployment', name)).spec;
const blockedOf = (result: Awaited<ReturnType<World['reconcile']>>) =>
  objectRecords(result)
    .filter(({ decision }) => decision === 'blocked')
    .map(({ object, kind, class: id, error, event }) => `${event} ${kind}/${id} ${object.name} ${error?.reason}`);

it('stops the rollout to an image that is gone, of that workload alone, and goes on once it is there', async () => {
  const world = await createWorld();
  await world.commit(workload('web', OLD) + workload('other', OLD));
  await world.reconcile();
  const next = workload('web', NEW) + workload('other', OLD, 2);
  await world.commit(next, { images: { [String(NEW)]: GONE } });

  const plan = await world.plan();
  expect(plan.lines).toMatchObject([
    { action: 'update', object: { name: 'other' } },
    { action: 'blocked', object: { name: 'web' }, error: { reason: 'DigestMissing', message: GONE.stops?.[0]?.message } },
  ]);
  const result = await world.reconcile();
  expect(runRecord(result)).toMatchObject({ outcome: 'blocked' });
  expect(blockedOf(result)).toEqual(['opened rollout/image web DigestMissing']);
  expect(await specOf(world, 'web')).toMatchObject({ template: { spec: { containers: [{ image: OLD }] } } });
  expect(await specOf(world, 'other')).toMatchObject({ replicas: 2 });
  expect(await stateOf(world)).toMatchObject({ outcome: 'blocked', failure: { reason: 'DigestMissing' } });

  await world.commit(next);
  expect(runRecord(await world.reconcile())).toMatchObject({ outcome: 'in-sync' });
  expect(await specOf(world, 'web')).toMatchObject({ template: { spec: { containers: [{ image: NEW }] } } });
  expect(await world.open()).toEqual([]);
});

it('leaves alone what runs an image that is gone: it is in sync, and its drift is corrected', async () => {
  const world = await createWorld();
  const yaml = workload('web', NEW);
  await world.commit(yaml);
  await world.reconcile();
  await world.commit(yaml, { images: { [String(NEW)]: GONE } });
  expect((await world.plan()).lines).toEqual([]);
  expect(runRecord(await world.reconcile())).toMatchObject({ outcome: 'in-sync' });

  await world.kubectl(['scale', 'deployment', 'web', '--replicas=5']);
  expect(runRecord(await world.reconcile())).toMatchObject({ outcome: 'corrected' });
  expect(await specOf(world, 'web')).toMatchObject({ replicas: 1 });
  await world.kubectl(['delete', 'deployment', 'web']);
  expect(runRecord(await world.reconcile())).toMatchObject({ outcome: 'corrected' });
});

it('stops a rollout that none of the nodes can run, while it is known which nodes there are', async () => {
  const world = await createWorld();
  const audited = async (...platforms: readonly Platform[]) =>
    world.stores.state.update(world.row.cluster, seenNodes(platforms, world.deps.clock.now().toISOString()));
  const images = { [String(NEW)]: ARM };
  await world.commit(workload('web', OLD));
  await world.reconcile();
  await audited({ os: 'linux', architecture: 'amd64' });
  await world.commit(workload('web', NEW) + workload('fresh', NEW), { images });
  expect(blockedOf(await world.reconcile())).toEqual(['opened rollout/image web NoPlatform', 'opened rollout/image fresh NoPlatform']);
  expect((await world.plan()).lines).toMatchObject([{ action: 'blocked' }, { action: 'blocked', error: { reason: 'NoPlatform' } }]);
  expect(await specOf(world, 'web')).toMatchObject({ template: { spec: { containers: [{ image: OLD }] } } });

  await audited({ os: 'linux', architecture: 'amd64' }, { os: 'linux', architecture: 'arm64' });
  expect(runRecord(await world.reconcile())).toMatchObject({ outcome: 'in-sync', created: 1 });
  expect(await world.open()).toEqual([]);
});

it('stops none by nodes that were last seen long ago, or were never seen', async () => {
  const world = await createWorld();
  const images = { [String(NEW)]: ARM };
  await world.commit(workload('web', NEW), { images });
  expect(runRecord(await world.reconcile())).toMatchObject({ outcome: 'in-sync', created: 1 });
  const seen = seenNodes([{ os: 'linux', architecture: 'amd64' }], world.deps.clock.now().toISOString());
  await world.stores.state.update(world.row.cluster, seen);
  world.advance(4 * 3600);
  await world.commit(workload('web', NEW, 2), { images });
  expect(blockedOf(await world.reconcile())).toEqual([]);
  expect(await specOf(world, 'web')).toMatchObject({ replicas: 2 });
});
