import { describe, expect, it } from 'vitest';
import { assumeClusterRole, makeEksToken } from '../../helpers/eks-token.ts';
import { testCluster, testEnvironment } from '../../helpers/environment.ts';
import { createWorld, objectRecords } from '../reconcile/world.ts';

/** A token of the role that a cluster gives us. */
async function roleToken(name: 'prod-eu' | 'prod-us'): Promise<string> {
  const environment = testEnvironment();
  const cluster = testCluster(name);
  const keys = await assumeClusterRole(environment, cluster, cluster.externalId);
  return makeEksToken({ clusterName: cluster.eksName, region: environment.region, keys });
}

const SETTINGS = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings, namespace: NS }\ndata: { colour: blue }\n';

describe('the roles of infra/access', () => {
  it('let observing predict what a takeover would remove', async () => {
    const world = await createWorld({ cluster: 'prod-us', mode: 'observe', token: await roleToken('prod-us') });
    await world.kubectl(['apply', '-f', '-'], SETTINGS.replace('NS', world.namespace).replace('blue', 'blue, extra: mine'));
    await world.commit(SETTINGS);
    expect(objectRecords(await world.reconcile())).toMatchObject([
      { class: 'foreign-field', decision: 'observed', changes: [{ path: 'data.extra', live: 'mine' }] },
    ]);
    expect((await world.live('configmap', 'settings')).data).toEqual({ colour: 'blue', extra: 'mine' });
  });

  it('let enforcing take it over', async () => {
    const world = await createWorld({ token: await roleToken('prod-eu') });
    await world.commit(SETTINGS);
    await world.reconcile();
    await world.kubectl(['patch', 'configmap', 'settings', '-p', '{"data":{"extra":"mine"}}']);
    expect((await world.reconcile()).outcome).toBe('corrected');
    expect((await world.live('configmap', 'settings')).data).toEqual({ colour: 'blue' });
  });
});

describe('a Secret', () => {
  it('loses the key that a person added, and its value is nowhere', async () => {
    const world = await createWorld();
    await world.commit('apiVersion: v1\nkind: Secret\nmetadata: { name: db, namespace: NS }\nstringData: { password: in-git }\n');
    await world.reconcile();
    await world.kubectl(['patch', 'secret', 'db', '-p', '{"stringData":{"extra":"hunter4-by-hand"}}']);
    const plan = await world.plan();
    const result = await world.reconcile();
    expect(objectRecords(result)).toMatchObject([
      { class: 'foreign-field', decision: 'corrected', changes: [{ path: 'data.extra', live: '(redacted)' }] },
    ]);
    expect(Object.keys(Object((await world.live('secret', 'db')).data))).toEqual(['password']);
    const said = JSON.stringify([plan, result, await world.stores.records.query({})]);
    for (const value of ['hunter4-by-hand', Buffer.from('hunter4-by-hand').toString('base64')]) expect(said).not.toContain(value);
  });
});

describe('what a person states that cannot be undone', () => {
  it('is open drift with the reason, and neither written nor lost', async () => {
    const world = await createWorld();
    const claim = `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: data, namespace: NS }
spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
`;
    await world.kubectl(['create', '-f', '-'], claim.replace('NS', world.namespace).replace('spec: {', 'spec: { storageClassName: fast,'));
    await world.commit(claim);
    await world.kubectl(['label', 'persistentvolumeclaim', 'data', 'owner=me']);
    const result = await world.reconcile();
    expect(result.outcome).toBe('drifting');
    expect(await world.open()).toMatchObject([
      {
        class: 'irremovable-field',
        decision: 'observed',
        changes: [{ path: 'spec.storageClassName', live: 'fast' }],
        error: { reason: 'Irremovable', message: expect.stringContaining('PersistentVolumeClaim') },
      },
    ]);
    const { metadata, spec } = await world.live('persistentvolumeclaim', 'data');
    expect(spec).toMatchObject({ storageClassName: 'fast' });
    expect(metadata.labels).toEqual({ 'plumbline.dev/owner': `test.${world.row.cluster}` });
    expect(objectRecords(await world.reconcile())).toEqual([]);
  });
});
