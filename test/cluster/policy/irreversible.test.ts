import { expect, it } from 'vitest';
import { createWorld, objectRecords, type World } from '../reconcile/world.ts';

const VOLUME = `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: data, namespace: NS, labels: { tier: front } }
spec:
  storageClassName: CLASS
  volumeName: volume
  accessModes: [ReadWriteOnce]
  resources: { requests: { storage: 1Gi } }
`;

/** What a storage driver does: the claim is bound, and has so much. */
const bind = (world: World, storage: string) =>
  world.kubectl([
    'patch',
    'persistentvolumeclaim',
    'data',
    '--subresource=status',
    '-p',
    JSON.stringify({ status: { phase: 'Bound', capacity: { storage } } }),
  ]);

/** The claim of a world, which a person has grown. */
async function grown(more = ''): Promise<{ readonly world: World; readonly volume: string }> {
  const world = await createWorld();
  const storageClass = world.namespace;
  await world.kubectl(
    ['create', '-f', '-'],
    `{"apiVersion":"storage.k8s.io/v1","kind":"StorageClass","metadata":{"name":"${storageClass}"},"provisioner":"example.com/none","allowVolumeExpansion":true}`,
  );
  const volume = VOLUME.replace('CLASS', storageClass);
  await world.commit(volume + more);
  expect((await world.reconcile()).outcome).toBe('in-sync');
  await bind(world, '1Gi');
  await world.kubectl(['patch', 'persistentvolumeclaim', 'data', '-p', '{"spec":{"resources":{"requests":{"storage":"2Gi"}}}}']);
  await bind(world, '2Gi');
  return { world, volume };
}

it('a volume that a person has grown is recorded once, and the rest of the claim is corrected', async () => {
  const { world, volume } = await grown();
  await world.kubectl(['label', '--overwrite', 'persistentvolumeclaim', 'data', 'tier=back']);

  const first = await world.reconcile();
  expect(objectRecords(first)).toMatchObject([
    { class: 'metadata', decision: 'corrected', event: 'verified' },
    {
      class: 'irreversible',
      decision: 'reported',
      event: 'opened',
      actor: { manager: 'kubectl-patch' },
      changes: [{ path: 'spec.resources.requests.storage', desired: '1Gi', live: '2Gi' }],
      error: { reason: 'Irreversible', message: expect.stringContaining('Say the live value in Git') },
    },
  ]);
  expect(first.outcome).toBe('drifting');
  const live = await world.live('persistentvolumeclaim', 'data');
  expect(live).toMatchObject({ metadata: { labels: { tier: 'front' } }, spec: { resources: { requests: { storage: '2Gi' } } } });

  world.advance(60);
  expect(objectRecords(await world.reconcile())).toEqual([]);
  expect((await world.live('persistentvolumeclaim', 'data')).metadata.resourceVersion).toBe(live.metadata.resourceVersion);
  expect(await world.open()).toHaveLength(1);

  await world.commit(volume.replace('1Gi', '2Gi'));
  await world.reconcile();
  expect(await world.open()).toEqual([]);
});

it('a plan neither fails over a volume that a person has grown, nor keeps what it would delete beside it', async () => {
  const extra = '\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: extra, namespace: NS }\n';
  const { world, volume } = await grown(extra);
  await world.commit(volume);
  expect((await world.plan()).lines).toMatchObject([{ action: 'delete', object: { name: 'extra' } }]);
  await world.kubectl(['label', '--overwrite', 'persistentvolumeclaim', 'data', 'tier=back']);
  expect((await world.plan()).lines).toMatchObject([
    { action: 'update', object: { name: 'data' }, changes: [{ path: 'metadata.labels.tier', desired: 'front', live: 'back' }] },
    { action: 'delete', object: { name: 'extra' } },
  ]);
  // What a commit asks for and the server refuses is a failure in a run too.
  await world.commit(volume.replace('1Gi', '500Mi'));
  expect((await world.plan()).lines).toMatchObject([{ action: 'error' }, { action: 'keep', error: { reason: 'NotAllApplied' } }]);
});
