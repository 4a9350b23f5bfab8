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

it('a volume that a person has grown is recorded once, and the rest of the claim is corrected', async () => {
  const world = await createWorld();
  const storageClass = world.namespace;
  await world.kubectl(
    ['create', '-f', '-'],
    `{"apiVersion":"storage.k8s.io/v1","kind":"StorageClass","metadata":{"name":"${storageClass}"},"provisioner":"example.com/none","allowVolumeExpansion":true}`,
  );
  const volume = VOLUME.replace('CLASS', storageClass);
  await world.commit(volume);
  expect((await world.reconcile()).outcome).toBe('in-sync');
  await bind(world, '1Gi');
  await world.kubectl(['patch', 'persistentvolumeclaim', 'data', '-p', '{"spec":{"resources":{"requests":{"storage":"2Gi"}}}}']);
  await bind(world, '2Gi');
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
