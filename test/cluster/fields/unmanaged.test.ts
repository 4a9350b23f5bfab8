import { describe, expect, it } from 'vitest';
import { createWorld, objectRecords, runRecord } from '../reconcile/world.ts';

const configMap = (name: string, metadata = '') =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: NS${metadata} }\ndata: { colour: blue }\n---\n`;

describe('objects that nobody has put into Git', () => {
  it('are listed by a plan that asks for them, and by nothing else', async () => {
    const world = await createWorld();
    await world.commit(configMap('settings'));
    await world.reconcile();
    const owner = await world.live('configmap', 'settings');
    const owned = `, ownerReferences: [{ apiVersion: v1, kind: ConfigMap, name: settings, uid: ${owner.metadata.uid} }]`;
    await world.kubectl(['create', '-f', '-'], (configMap('stray') + configMap('child', owned)).replaceAll('NS', world.namespace));
    await world.kubectl(['create', 'secret', 'generic', 'of-another-kind']);

    expect((await world.plan()).lines).toEqual([]);
    expect(await world.reconcile()).toMatchObject({ outcome: 'in-sync', records: [{ kind: 'run' }] });
    expect((await world.plan({ unmanaged: true })).lines).toMatchObject([
      { action: 'unmanaged', object: { kind: 'ConfigMap', name: 'stray', uid: expect.any(String) }, from: 'kubectl-create' },
    ]);
  });
});

describe('a namespace that somebody deleted', () => {
  it('has a record of its own, and comes back with its objects', async () => {
    const world = await createWorld();
    const namespace = `${world.namespace}-gone`;
    await world.commit(
      `apiVersion: v1\nkind: Namespace\nmetadata: { name: ${namespace} }\n---\n${configMap('settings').replace('NS', namespace)}`,
    );
    expect(runRecord(await world.reconcile())).toMatchObject({ outcome: 'in-sync', created: 2 });
    await world.kubectl(['delete', 'namespace', namespace, '--wait=false']);
    // No controller runs here that would end it.
    const finalize = `/api/v1/namespaces/${namespace}/finalize`;
    await world.kubectl(['delete', 'configmap', '--all', '--namespace', namespace]);
    await world.kubectl(
      ['replace', '--raw', finalize, '-f', '-'],
      JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace }, spec: { finalizers: [] } }),
    );

    const result = await world.reconcile();

    expect(result.outcome).toBe('corrected');
    expect(objectRecords(result).map(({ object, class: drift, decision }) => [object.kind, drift, decision])).toEqual([
      ['Namespace', 'namespace-deleted', 'corrected'],
      ['ConfigMap', 'missing', 'corrected'],
    ]);
    expect((await world.reconcile()).outcome).toBe('in-sync');
    await world.kubectl(['delete', 'namespace', namespace, '--wait=false']);
  });
});
