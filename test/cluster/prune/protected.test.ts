import { describe, expect, it } from 'vitest';
import { createWorld, runRecord } from '../reconcile/world.ts';
import { exists, KEPT, removeBy } from './removal.ts';

describe('a Namespace', () => {
  const CONFIRMED = 'annotations: { plumbline.dev/confirm-prune: "true" }';
  const namespace = (name: string, fields = '') => `---\napiVersion: v1\nkind: Namespace\nmetadata: { name: ${name}, ${fields} }\n`;

  it('is not deleted because its file was', async () => {
    const world = await createWorld();
    const name = `${world.namespace}-plain`;
    await world.commit(KEPT + namespace(name));
    await world.reconcile();
    const result = await removeBy(world, KEPT);
    expect(runRecord(result)?.kind === 'run' && result.outcome).toBe('blocked');
    expect(await exists(world, name, 'namespace')).toBe(true);
    expect(await world.open()).toMatchObject([{ error: { reason: 'NotConfirmed', message: expect.stringContaining('confirm-prune') } }]);
    await world.kubectl(['annotate', 'namespace', name, 'plumbline.dev/prune=disabled']);
    await world.reconcile();
    expect((await world.reconcile()).outcome).toBe('in-sync');
  });

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

it('a CustomResourceDefinition goes only confirmed and when there are none of its kind, and what went with it is no deletion of ours', async () => {
  const world = await createWorld();
  const group = `${world.namespace}.example.com`;
  const definition = `---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: ledgers.${group}, annotations: { plumbline.dev/confirm-prune: "true" } }
spec:
  group: ${group}
  names: { kind: Ledger, plural: ledgers }
  scope: Namespaced
  versions: [{ name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object } } }]
`;
  await world.commit(KEPT + definition);
  await world.reconcile();
  const ledger = `apiVersion: ${group}/v1\nkind: Ledger\nmetadata: { name: theirs, namespace: ${world.namespace} }\n`;
  await world.kubectl(['wait', '--for=condition=Established', `crd/ledgers.${group}`]);
  await world.kubectl(['apply', '-f', '-'], ledger);
  await removeBy(world, KEPT);
  expect(await exists(world, `ledgers.${group}`, 'crd')).toBe(true);
  expect(await world.open()).toMatchObject([{ error: { reason: 'NotEmpty', message: expect.stringContaining('theirs') } }]);
  await world.kubectl(['delete', `ledgers.${group}`, 'theirs']);
  await world.reconcile();
  expect(await exists(world, `ledgers.${group}`, 'crd')).toBe(false);
});
