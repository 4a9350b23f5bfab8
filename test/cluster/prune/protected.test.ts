import { describe, expect, it } from 'vitest';
import { createWorld, runRecord } from '../reconcile/world.ts';
import { exists, KEPT, removeBy } from './removal.ts';

/** NAME is a name of the world's own. */
const HOLDERS: Readonly<Record<string, string>> = {
  Namespace: 'apiVersion: v1\nkind: Namespace\nmetadata: { name: NAME }\n',
  CustomResourceDefinition: `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: boxes.NAME.example.com }
spec:
  group: NAME.example.com
  names: { kind: Box, plural: boxes }
  scope: Namespaced
  versions: [{ name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object } } }]
`,
  PersistentVolumeClaim: `apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: NAME, namespace: NS }
spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
`,
  PersistentVolume: `apiVersion: v1
kind: PersistentVolume
metadata: { name: NAME }
spec: { accessModes: [ReadWriteOnce], capacity: { storage: 1Gi }, hostPath: { path: /data } }
`,
  StatefulSet: `apiVersion: apps/v1
kind: StatefulSet
metadata: { name: NAME, namespace: NS }
spec:
  serviceName: a
  selector: { matchLabels: { app: a } }
  template: { metadata: { labels: { app: a } }, spec: { containers: [{ name: a, image: a }] } }
`,
};

it.each(Object.keys(HOLDERS))('a %s is not deleted because its file was, and can be given up', async (kind) => {
  const world = await createWorld();
  const name = `${world.namespace}-plain`;
  await world.commit(`${KEPT}---\n${HOLDERS[kind]?.replaceAll('NAME', name)}`);
  expect((await world.reconcile()).outcome).toBe('in-sync');
  const result = await removeBy(world, KEPT);
  expect(runRecord(result)?.kind === 'run' && result.outcome).toBe('blocked');
  expect(await world.open()).toMatchObject([
    { object: { kind }, error: { reason: 'NotConfirmed', message: expect.stringContaining('confirm-prune') } },
  ]);
  const object = kind === 'CustomResourceDefinition' ? `boxes.${name}.example.com` : name;
  expect((await world.live(kind, object)).metadata.deletionTimestamp).toBeUndefined();
  await world.kubectl(['annotate', kind, object, 'plumbline.dev/prune=disabled']);
  await world.reconcile();
  expect((await world.reconcile()).outcome).toBe('in-sync');
  expect(await exists(world, object, kind)).toBe(true);
});

describe('a Namespace', () => {
  const CONFIRMED = 'annotations: { plumbline.dev/confirm-prune: "true" }';
  const namespace = (name: string, fields = '') => `---\napiVersion: v1\nkind: Namespace\nmetadata: { name: ${name}, ${fields} }\n`;

  it('that is confirmed is not deleted while anything is in it', async () => {
    const world = await createWorld();
    const name = `${world.namespace}-full`;
    const inside = `---\n${KEPT.replace('kept', 'inside').replace('NS', name)}`;
    await world.commit(KEPT + namespace(name, CONFIRMED) + inside);
    await world.reconcile();
    await world.kubectl(['--namespace', name, 'create', 'secret', 'generic', 'theirs']);
    await removeBy(world, KEPT);
    expect(await exists(world, name, 'namespace')).toBe(true);
    expect((await world.live('namespace', name)).metadata.deletionTimestamp).toBeUndefined();
    expect(await world.open()).toMatchObject([
      { object: { kind: 'Namespace' }, error: { reason: 'NotEmpty', message: expect.stringContaining(`Secret ${name}/theirs`) } },
    ]);
    await world.kubectl(['--namespace', name, 'delete', 'secret', 'theirs']);
    await world.reconcile();
    // The namespace controller, which would take it away, is not there.
    expect((await world.live('namespace', name)).metadata.deletionTimestamp).toEqual(expect.any(String));
  });
});

const ledgers = (group: string) => `---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: ledgers.${group}, annotations: { plumbline.dev/confirm-prune: "true" } }
spec:
  group: ${group}
  names: { kind: Ledger, plural: ledgers }
  scope: Namespaced
  versions: [{ name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object } } }]
`;

it('a CustomResourceDefinition goes only confirmed and when there are none of its kind', async () => {
  const world = await createWorld();
  const group = `${world.namespace}.example.com`;
  await world.commit(KEPT + ledgers(group));
  await world.reconcile();
  const ledger = `apiVersion: ${group}/v1\nkind: Ledger\nmetadata: { name: theirs, namespace: ${world.namespace} }\n`;
  await world.kubectl(['wait', '--for=condition=Established', `crd/ledgers.${group}`]);
  await world.kubectl(['apply', '-f', '-'], ledger);
  await removeBy(world, KEPT);
  expect(await exists(world, `ledgers.${group}`, 'crd')).toBe(true);
  expect(await world.open()).toMatchObject([{ error: { reason: 'NotEmpty', message: expect.stringContaining('theirs') } }]);
  await world.kubectl(['delete', `ledgers.${group}`, 'theirs']);
  await world.reconcile();
  // What finalizes it is the API server's own.
  await expect.poll(() => exists(world, `ledgers.${group}`, 'crd'), { timeout: 20_000 }).toBe(false);
});

it('what went with a CustomResourceDefinition that somebody deleted is no deletion of ours, and the row forgets it', async () => {
  const world = await createWorld();
  const group = `${world.namespace}.example.com`;
  const ledger = `---\napiVersion: ${group}/v1\nkind: Ledger\nmetadata: { name: ours, namespace: NS }\n`;
  await world.commit(KEPT + ledgers(group) + ledger);
  await world.reconcile();
  expect((await world.reconcile()).outcome).toBe('in-sync');
  await world.commit(KEPT);
  expect((await world.reconcile()).outcome).toBe('drifting');
  expect(await world.open()).toMatchObject([{ decision: 'held' }, { decision: 'held' }]);
  await world.kubectl(['delete', 'crd', `ledgers.${group}`]);
  expect((await world.reconcile()).outcome).toBe('in-sync');
  expect(await world.open()).toEqual([]);
  const pruned = await world.stores.records.query({ cluster: world.row.cluster, kind: 'prune' });
  expect(pruned).toHaveLength(2);
  for (const record of pruned) expect(record).not.toHaveProperty('correctedAt');
  expect((await world.stores.artifacts.getInventory(world.row.cluster))?.objects.map(({ name }) => name)).toEqual(['kept']);
});
