import { describe, expect, it } from 'vitest';
import { createWorld } from '../reconcile/world.ts';
import { AT_ONCE, deployed, EXTRA, exists, KEPT, removeBy } from './removal.ts';

const NAMESPACE = '---\napiVersion: v1\nkind: Namespace\nmetadata: { name: NAME, annotations: { plumbline.dev/confirm-prune: "true" } }\n';
const inside = (namespace: string) => `---\n${KEPT.replace('kept', 'inside').replace('NS', namespace)}`;

describe('a plan of what left Git', () => {
  it('says what is deleted, not before when, and what a guard holds back', async () => {
    const claim = `---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: data, namespace: NS }
spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
`;
    const world = await deployed(KEPT + EXTRA + claim);
    await world.commit(KEPT);
    expect((await world.plan()).lines).toMatchObject([
      { action: 'delete', object: { name: 'extra' }, notBefore: expect.any(String) },
      { action: 'keep', object: { name: 'data' }, error: { reason: 'NotConfirmed' } },
    ]);
    await world.reconcile();
    const [held] = await world.open();
    expect((await world.plan()).lines[0]).toMatchObject({ action: 'delete', notBefore: held?.heldUntil });
    world.advance(601);
    expect((await world.plan()).lines[0]).not.toHaveProperty('notBefore');
  });

  it('keeps a confirmed Namespace that a run keeps, and deletes one that is empty once all of the plan is gone', async () => {
    const world = await createWorld();
    const full = `${world.namespace}-full`;
    const emptied = `${world.namespace}-emptied`;
    await world.commit(KEPT + [full, emptied].map((name) => NAMESPACE.replace('NAME', name) + inside(name)).join(''));
    await world.reconcile();
    await world.kubectl(['--namespace', full, 'create', 'secret', 'generic', 'theirs']);
    await world.commit(KEPT, AT_ONCE);
    for (let run = 0; run < 2; run += 1) {
      const lines = (await world.plan()).lines.filter(({ object }) => object.kind === 'Namespace');
      expect(lines).toMatchObject([
        { action: 'delete', object: { name: emptied } },
        { action: 'keep', object: { name: full }, error: { reason: 'NotEmpty', message: expect.stringContaining('theirs') } },
      ]);
      expect(lines[1]?.error?.message).not.toContain('inside');
      if (run === 0) await world.reconcile();
    }
    await world.reconcile();
    expect((await world.live('namespace', full)).metadata.deletionTimestamp).toBeUndefined();
    expect((await world.live('namespace', emptied)).metadata.deletionTimestamp).toEqual(expect.any(String));
  });

  it('keeps a confirmed CustomResourceDefinition while there is an object of its kind', async () => {
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
    await world.kubectl(['wait', '--for=condition=Established', `crd/ledgers.${group}`]);
    await world.kubectl(['apply', '-f', '-'], `apiVersion: ${group}/v1\nkind: Ledger\nmetadata: { name: theirs }\n`);
    await world.commit(KEPT);
    expect((await world.plan()).lines).toMatchObject([{ action: 'keep', error: { reason: 'NotEmpty' } }]);
    await world.kubectl(['delete', `ledgers.${group}`, 'theirs']);
    expect((await world.plan()).lines).toMatchObject([{ action: 'delete' }]);
  });

  it('deletes nothing while an object of Git is being deleted, as a run does', async () => {
    const world = await deployed(KEPT.replace('namespace: NS', 'namespace: NS, finalizers: [example.com/hold]') + EXTRA);
    await world.kubectl(['delete', 'configmap', 'kept', '--wait=false']);
    const held = KEPT.replace('namespace: NS', 'namespace: NS, finalizers: [example.com/hold]');
    await world.commit(held, AT_ONCE);
    expect((await world.plan()).lines).toMatchObject([{ action: 'blocked' }, { action: 'keep', error: { reason: 'NotAllApplied' } }]);
    await removeBy(world, held);
    expect(await exists(world, 'extra')).toBe(true);
    await world.kubectl(['patch', 'configmap', 'kept', '--type=merge', '-p', '{"metadata":{"finalizers":null}}']);
  });
});
