import { describe, expect, it } from 'vitest';
import type { IgnoreRule } from '../../../lib/settings/field-settings.ts';
import { createWorld, objectRecords, type World } from '../reconcile/world.ts';

const deployment = (replicas: string) => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: NS, labels: { app: web } }
spec:
  ${replicas}
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: app, image: 'registry.example/web:1.0', resources: { limits: { memory: 64Mi } } }] }
---
`;
const AUTOSCALER = `
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: web, namespace: NS }
spec: { scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web }, minReplicas: 2, maxReplicas: 9 }
---
`;
const SETTINGS = `
apiVersion: v1
kind: ConfigMap
metadata: { name: settings, namespace: NS, labels: { tier: front } }
data: { colour: blue, size: large }
---
`;

async function deployed(yaml: string, ignore: IgnoreRule[] = []): Promise<World> {
  const world = await createWorld();
  await world.commit(yaml, ignore.length === 0 ? {} : { settings: { ignore } });
  expect((await world.reconcile()).outcome).toBe('in-sync');
  return world;
}

/** What the autoscaler does: it scales through the subresource, under the name of its controller. */
async function autoscale(world: World, replicas: number): Promise<void> {
  const scale = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'web', namespace: world.namespace }, spec: { replicas } };
  const path = `/apis/apps/v1/namespaces/${world.namespace}/deployments/web/scale?fieldManager=kube-controller-manager`;
  await world.kubectl(['replace', '--raw', path, '-f', '-'], JSON.stringify(scale));
}

async function replicasOf(world: World): Promise<unknown> {
  const { spec } = await world.live('deployment', 'web');
  return Object(spec).replicas;
}

describe('replicas', () => {
  const WITH_REPLICAS = deployment('replicas: 2');
  const REPLICAS_CORRECTED = {
    kind: 'drift',
    class: 'value',
    decision: 'corrected',
    changes: [{ path: 'spec.replicas', live: 7, desired: 2 }],
  };

  it('are Git’s again once the HPA that left Git is gone, and not before', async () => {
    const world = await deployed(AUTOSCALER + WITH_REPLICAS);
    await autoscale(world, 7);
    await world.commit(WITH_REPLICAS, { settings: { prune: { delay: '0s' } } });
    await world.reconcile();
    expect(await replicasOf(world)).toBe(7);
    // The second run deletes the HPA.
    await world.reconcile();
    expect(await replicasOf(world)).toBe(7);
    world.advance(3600);
    expect(objectRecords(await world.reconcile())).toMatchObject([REPLICAS_CORRECTED]);
    expect(await replicasOf(world)).toBe(2);
    expect((await world.reconcile()).outcome).toBe('in-sync');
  });

  it('are Git’s again in the very run in which the HPA in Git targets another object', async () => {
    const world = await deployed(AUTOSCALER + WITH_REPLICAS);
    await autoscale(world, 7);
    expect((await world.reconcile()).outcome).toBe('in-sync');
    await world.commit(AUTOSCALER.replace('Deployment, name: web', 'Deployment, name: other') + WITH_REPLICAS);
    expect(objectRecords(await world.reconcile())).toContainEqual(expect.objectContaining({ class: 'value', decision: 'corrected' }));
    expect(await replicasOf(world)).toBe(2);
  });

  it('are left to an HPA that is not in Git', async () => {
    const world = await deployed(WITH_REPLICAS);
    await world.kubectl(['autoscale', 'deployment', 'web', '--min=2', '--max=9']);
    await autoscale(world, 7);
    for (let run = 0; run < 2; run += 1) expect((await world.reconcile()).outcome).toBe('in-sync');
    expect(await replicasOf(world)).toBe(7);
    await world.kubectl(['scale', 'deployment', 'web', '--replicas=5']);
    expect(objectRecords(await world.reconcile())).toMatchObject([
      { class: 'value', decision: 'corrected', actor: { manager: 'kubectl' } },
    ]);
    expect(await replicasOf(world)).toBe(2);
  });

  it('are left to the autoscaler that Git has, and no record speaks of them', async () => {
    const world = await deployed(deployment('replicas: 2') + AUTOSCALER);
    await autoscale(world, 7);
    expect(await world.reconcile()).toMatchObject({ outcome: 'in-sync' });
    expect(await replicasOf(world)).toBe(7);
    // Released: the entry that claims them is the autoscaler's alone, and a correction of something else leaves them too.
    await world.kubectl(['set', 'image', 'deployment/web', 'app=registry.example/web:evil']);
    expect((await world.reconcile()).outcome).toBe('corrected');
    expect(await replicasOf(world)).toBe(7);
    expect(await world.plan()).toMatchObject({ lines: [], ignored: 1 });
  });

  it('are corrected when a person scaled what nothing else scales', async () => {
    const world = await deployed(deployment('replicas: 2'));
    await world.kubectl(['scale', 'deployment', 'web', '--replicas=5']);
    expect((await world.reconcile()).outcome).toBe('corrected');
    expect(await replicasOf(world)).toBe(2);
  });

  it('never fall to one when Git stops to state them, with an autoscaler or without', async () => {
    for (const after of [deployment(''), deployment('') + AUTOSCALER]) {
      const world = await deployed(deployment('replicas: 4'));
      await world.commit(after);
      await world.reconcile();
      expect(await replicasOf(world)).toBe(4);
      expect((await world.reconcile()).outcome).toBe('in-sync');
      await autoscale(world, 6);
      expect((await world.reconcile()).outcome).toBe('in-sync');
      expect(await replicasOf(world)).toBe(6);
      // By now another owns them, so that they are released: and still nothing moves.
      const { metadata } = await world.live('deployment', 'web');
      const ours = metadata.managedFields?.find(({ manager }) => manager?.startsWith('plumbline-'));
      await world.commit(after.replace('web:1.0', 'web:2.0'));
      await world.reconcile();
      expect(await replicasOf(world)).toBe(6);
      expect(ours).toBeDefined();
    }
  });
});

describe('an ignored field', () => {
  it('keeps the value that somebody gave it, through a correction and a rollout of its neighbours', async () => {
    const world = await deployed(SETTINGS, [{ kind: 'ConfigMap', name: 'sett*', pointers: ['/data/colour'] }]);
    await world.kubectl(['patch', 'configmap', 'settings', '-p', '{"data":{"colour":"red"}}']);
    expect(await world.reconcile()).toMatchObject({ outcome: 'in-sync' });
    await world.kubectl(['patch', 'configmap', 'settings', '-p', '{"data":{"size":"small"}}']);
    expect(objectRecords(await world.reconcile()).at(-1)).toMatchObject({ class: 'value', changes: [{ path: 'data.size' }] });
    expect((await world.live('configmap', 'settings')).data).toEqual({ colour: 'red', size: 'large' });
    await world.commit(SETTINGS.replace('large', 'huge').replace('blue', 'green'), {
      settings: { ignore: [{ pointers: ['/data/colour'] }] },
    });
    expect(objectRecords(await world.reconcile())).toMatchObject([{ kind: 'rollout', changes: [{ path: 'data.size' }] }]);
    expect((await world.live('configmap', 'settings')).data).toEqual({ colour: 'red', size: 'huge' });
    expect((await world.reconcile()).outcome).toBe('in-sync');
  });

  it('that only the cluster has is neither drift nor taken away', async () => {
    const world = await deployed(SETTINGS, [{ labels: { tier: 'front' }, pointers: ['/metadata/annotations/*'] }]);
    await world.kubectl(['annotate', 'configmap', 'settings', 'example.com/note=mine']);
    await world.kubectl(['label', 'configmap', 'settings', 'owner=me']);
    expect(objectRecords(await world.reconcile())).toMatchObject([
      { class: 'foreign-field', changes: [{ path: 'metadata.labels.owner' }] },
    ]);
    expect((await world.live('configmap', 'settings')).metadata.annotations).toEqual({ 'example.com/note': 'mine' });
  });

  it('of a manager is left whatever it is, and what others change is not', async () => {
    const world = await deployed(deployment('replicas: 2'), [{ managers: ['sizer'] }]);
    const patch = { spec: { template: { spec: { containers: [{ name: 'app', resources: { limits: { memory: '128Mi', cpu: '1' } } }] } } } };
    await world.kubectl(['patch', 'deployment', 'web', '--field-manager=sizer', '-p', JSON.stringify(patch)]);
    expect((await world.reconcile()).outcome).toBe('in-sync');
    await world.kubectl(['set', 'image', 'deployment/web', 'app=registry.example/web:evil']);
    expect((await world.reconcile()).outcome).toBe('corrected');
    expect(JSON.stringify((await world.live('deployment', 'web')).spec)).toContain('"limits":{"cpu":"1","memory":"128Mi"}');
  });

  it('of a list is left item by item, and stays when it is no longer ignored until Git is applied', async () => {
    const world = await deployed(deployment('replicas: 2'), [{ pointers: ['/spec/template/spec/containers/name=app/resources'] }]);
    await world.kubectl(['set', 'resources', 'deployment/web', '-c', 'app', '--limits=memory=1Gi']);
    expect((await world.reconcile()).outcome).toBe('in-sync');
    expect(JSON.stringify((await world.live('deployment', 'web')).spec)).toContain('"memory":"1Gi"');
    await world.commit(deployment('replicas: 2'));
    await world.reconcile();
    expect(JSON.stringify((await world.live('deployment', 'web')).spec)).toContain('"memory":"64Mi"');
  });

  it('is what an aggregated ClusterRole collects', async () => {
    const name = `collects-${Math.random().toString(36).slice(2)}`;
    const role = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: ${name} }
aggregationRule: { clusterRoleSelectors: [{ matchLabels: { collect: ${name} } }] }
rules: []
`;
    const world = await deployed(role);
    const rules = '[{"op":"replace","path":"/rules","value":[{"apiGroups":[""],"resources":["pods"],"verbs":["get"]}]}]';
    await world.kubectl(['patch', 'clusterrole', name, '--type=json', '-p', rules, '--field-manager=clusterrole-aggregation-controller']);
    expect((await world.reconcile()).outcome).toBe('in-sync');
    expect((await world.live('clusterrole', name)).rules).toHaveLength(1);
    await world.kubectl(['delete', 'clusterrole', name]);
  });

  it('is the CA bundle that a controller puts into a webhook, and not one of a person', async () => {
    const name = `bundle-${Math.random().toString(36).slice(2)}.example.com`;
    const webhook = `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: { name: ${name} }
webhooks:
  - name: ${name}
    admissionReviewVersions: [v1]
    sideEffects: None
    failurePolicy: Ignore
    clientConfig: { url: 'https://nowhere.example', caBundle: Z2l0 }
    rules: [{ apiGroups: [${name}], apiVersions: [v1], operations: [CREATE], resources: [nothing] }]
`;
    const world = await deployed(webhook);
    const bundle = (value: string) => JSON.stringify([{ op: 'replace', path: '/webhooks/0/clientConfig/caBundle', value }]);
    const patch = (value: string, manager: string) =>
      world.kubectl(['patch', 'validatingwebhookconfiguration', name, '--type=json', '-p', bundle(value), `--field-manager=${manager}`]);
    await patch('aW5qZWN0ZWQ=', 'cainjector');
    expect((await world.reconcile()).outcome).toBe('in-sync');
    expect(JSON.stringify(await world.live('validatingwebhookconfiguration', name))).toContain('aW5qZWN0ZWQ=');
    await patch('ZXZpbA==', 'kubectl-edit');
    expect((await world.reconcile()).outcome).toBe('corrected');
    expect(JSON.stringify(await world.live('validatingwebhookconfiguration', name))).toContain('Z2l0');
    await world.kubectl(['delete', 'validatingwebhookconfiguration', name]);
  });
});
