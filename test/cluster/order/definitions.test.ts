import { describe, expect, it } from 'vitest';
import { createWorld, objectRecords, type World } from '../reconcile/world.ts';

/** A definition whose objects have these fields, and one object of it. */
function ledgers(world: World, fields: readonly string[], ledger: string): string {
  const group = `${world.namespace}.example.com`;
  const properties = fields.map((field) => `${field}: { type: string }`).join(', ');
  return `---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: ledgers.${group} }
spec:
  group: ${group}
  names: { kind: Ledger, plural: ledgers }
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema: { openAPIV3Schema: { type: object, properties: { spec: { type: object, properties: { ${properties} } } } } }
---
apiVersion: ${group}/v1
kind: Ledger
metadata: { name: ledger, namespace: NS }
spec: ${ledger}
`;
}

describe('a definition that gains a field', () => {
  it('comes before the object that uses the field, in the same run', async () => {
    const world = await createWorld();
    await world.commit(ledgers(world, ['owner'], '{ owner: shop }'));
    expect((await world.reconcile()).outcome).toBe('in-sync');
    await world.commit(ledgers(world, ['owner', 'currency'], '{ owner: shop, currency: EUR }'));

    const { lines } = await world.plan();
    expect(lines).toEqual([
      expect.objectContaining({ action: 'update', object: expect.objectContaining({ kind: 'CustomResourceDefinition' }) }),
      expect.objectContaining({
        action: 'update',
        object: expect.objectContaining({ kind: 'Ledger' }),
        validated: false,
        after: [`CustomResourceDefinition ledgers.${world.namespace}.example.com`],
      }),
    ]);
    const result = await world.reconcile();

    expect(result.outcome).toBe('in-sync');
    expect(objectRecords(result).map(({ object, decision, verifiedAt }) => [object.kind, decision, verifiedAt !== undefined])).toEqual(
      expect.arrayContaining([
        ['CustomResourceDefinition', 'applied', true],
        ['Ledger', 'applied', true],
      ]),
    );
    const ledger = await world.live(`ledgers.${world.namespace}.example.com`, 'ledger');
    expect(ledger.spec).toEqual({ owner: 'shop', currency: 'EUR' });
    expect((await world.reconcile()).outcome).toBe('in-sync');
  });

  it('lets an object that fits neither definition fail by itself, and the others go on', async () => {
    const world = await createWorld();
    await world.commit(ledgers(world, ['owner'], '{ owner: shop }'));
    await world.reconcile();
    const settings = '---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings, namespace: NS }\n';
    await world.commit(ledgers(world, ['owner', 'currency'], '{ owner: shop, colour: blue }') + settings);

    const result = await world.reconcile();

    expect(result.outcome).toBe('failed');
    const told = objectRecords(result).map(({ object, decision }) => [object.kind, decision]);
    expect(told).toEqual(
      expect.arrayContaining([
        ['CustomResourceDefinition', 'applied'],
        ['Ledger', 'failed'],
        ['ConfigMap', 'applied'],
      ]),
    );
  });
});
