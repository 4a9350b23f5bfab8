import { describe, expect, it } from 'vitest';
import type { Adoption } from '../../../lib/settings/field-settings.ts';
import { createWorld, objectRecords, type World } from '../reconcile/world.ts';

const GIT = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings, namespace: NS }\ndata: { colour: blue }\n';

const theirs = (world: World, metadata: string) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings, namespace: ${world.namespace}${metadata === '' ? '' : `, ${metadata}`} }\ndata: { colour: blue, dropped: from-git }\n`;

const FLUX = 'labels: { kustomize.toolkit.fluxcd.io/name: apps, kustomize.toolkit.fluxcd.io/namespace: flux-system }';
const HELM = 'labels: { app.kubernetes.io/managed-by: Helm }, annotations: { meta.helm.sh/release-name: shop }';
const ARGO = 'annotations: { argocd.argoproj.io/tracking-id: "shop:/ConfigMap:x/settings" }';

type Deployer = readonly [from: Adoption['from'], name: string, manager: string, metadata: string, apply: readonly string[]];

const SERVER_SIDE = ['apply', '--server-side'];
const DEPLOYERS: readonly Deployer[] = [
  ['flux', 'Flux', 'kustomize-controller', FLUX, SERVER_SIDE],
  ['helm', 'Helm', 'helm', HELM, ['create']],
  ['argo-cd', 'Argo CD', 'argocd-controller', ARGO, ['apply']],
  ['argo-cd', 'Argo CD', 'argocd-controller', ARGO, SERVER_SIDE],
];

describe.each(DEPLOYERS)('an object of %s (%s, field manager %s)', (from, name, manager, metadata, apply) => {
  it(`is refused until it is adopted by name: ${apply.join(' ')}`, async () => {
    const world = await createWorld();
    await world.kubectl([...apply, `--field-manager=${manager}`, '-f', '-'], theirs(world, metadata));
    await world.commit(GIT);
    const before = await world.live('configmap', 'settings');
    expect(objectRecords(await world.reconcile())).toMatchObject([
      { decision: 'refused', error: { message: expect.stringContaining(`from: ${from}`) } },
    ]);
    await world.commit(GIT, { settings: { adopt: [{ kind: 'ConfigMap', name: 'others', from }] } });
    expect(objectRecords(await world.reconcile())).toEqual([]);
    expect(await world.live('configmap', 'settings')).toEqual(before);

    await world.commit(GIT, { settings: { adopt: [{ kind: 'ConfigMap', name: 'settings', from }] } });
    expect((await world.plan()).lines).toMatchObject([{ action: 'adopt', from: name, object: { name: 'settings' } }]);
    expect(await world.live('configmap', 'settings')).toEqual(before);
    const result = await world.reconcile();

    expect(result.outcome).toBe('in-sync');
    expect(objectRecords(result)).toContainEqual(
      expect.objectContaining({ kind: 'rollout', class: 'adopted', decision: 'applied', verifiedAt: expect.any(String) }),
    );
    const { data, metadata: adopted } = await world.live('configmap', 'settings');
    expect(data).toEqual({ colour: 'blue' });
    expect(adopted.labels).toEqual({ 'plumbline.dev/owner': `test.${world.row.cluster}` });
    expect(Object.keys(adopted.annotations ?? {}).filter((key) => !key.includes('last-applied'))).toEqual([]);
    expect((await world.reconcile()).outcome).toBe('in-sync');
    expect((await world.plan()).lines).toEqual([]);

    // Whoever goes on deploying it is named, and nobody fights.
    await world.kubectl(['apply', '--server-side', '--force-conflicts', `--field-manager=${manager}`, '-f', '-'], theirs(world, metadata));
    expect(objectRecords(await world.reconcile())).toMatchObject([{ decision: 'refused' }]);
    expect((await world.live('configmap', 'settings')).data).toEqual({ colour: 'blue', dropped: 'from-git' });
  });
});

describe('an object of kubectl', () => {
  it('is adopted without being named, with the fields that Git does not have', async () => {
    const world = await createWorld();
    await world.kubectl(['apply', '-f', '-'], theirs(world, 'labels: { note: old }'));
    await world.commit(GIT);
    expect((await world.plan()).lines).toMatchObject([{ action: 'adopt', from: 'kubectl', changes: expect.any(Array) }]);
    const result = await world.reconcile();
    expect(objectRecords(result)).toMatchObject([{ kind: 'rollout', class: 'adopted', decision: 'applied' }]);
    expect(objectRecords(result)[0]?.changes).toContainEqual({ path: 'data.dropped', live: 'from-git' });
    expect(await world.live('configmap', 'settings')).toMatchObject({ data: { colour: 'blue' } });
    expect((await world.reconcile()).outcome).toBe('in-sync');
  });

  it('keeps what the cluster gave it: addresses, ports, and replicas that Git does not state', async () => {
    const yaml = `
apiVersion: v1
kind: Service
metadata: { name: web, namespace: NS }
spec: { type: NodePort, selector: { app: web }, ports: [{ port: 80 }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: NS, labels: { app: web } }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: app, image: 'registry.example/web:1.0' }] }
`;
    const world = await createWorld();
    await world.kubectl(
      ['create', '-f', '-'],
      yaml.replaceAll('NS', world.namespace).replace('spec:\n  selector', 'spec:\n  replicas: 7\n  selector'),
    );
    const before = await world.live('service', 'web');
    await world.commit(yaml);
    expect((await world.reconcile()).outcome).toBe('in-sync');
    expect((await world.live('service', 'web')).spec).toEqual(before.spec);
    expect((await world.live('deployment', 'web')).spec).toMatchObject({ replicas: 7 });
    expect((await world.reconcile()).outcome).toBe('in-sync');
  });
});

describe('an object of another row', () => {
  it('is handed over by name, and the row that had it is refused', async () => {
    const first = await createWorld();
    await first.commit(GIT.replace('blue', 'blue, dropped: from-git'));
    await first.reconcile();
    const second = await createWorld({ beside: first });
    await second.commit(GIT, {
      settings: { adopt: [{ kind: 'ConfigMap', namespace: first.namespace, name: 'settings', from: 'plumbline' }] },
    });
    expect(objectRecords(await second.reconcile())).toMatchObject([{ class: 'adopted', verifiedAt: expect.any(String) }]);
    expect((await second.live('configmap', 'settings')).data).toEqual({ colour: 'blue' });
    expect(objectRecords(await first.reconcile())).toMatchObject([{ decision: 'refused' }]);
    expect((await second.reconcile()).outcome).toBe('in-sync');
  });
});

describe('an adoption that was cut off', () => {
  it('goes on where the takeover ended, although the earlier deployer’s marks are still there', async () => {
    const world = await createWorld();
    await world.kubectl([...SERVER_SIDE, '--field-manager=kustomize-controller', '-f', '-'], theirs(world, FLUX));
    await world.commit(GIT, { settings: { adopt: [{ kind: 'ConfigMap', name: 'settings', from: 'flux' }] } });
    const connect: typeof world.deps.connect = async (...request) => {
      const client = await world.deps.connect(...request);
      const apply: typeof client.apply = (resource, object, options, signal) =>
        options.dryRun ? client.apply(resource, object, options, signal) : Promise.reject(new Error('cut off'));
      return new Proxy(client, { get: (target, name) => (name === 'apply' ? apply : Reflect.get(target, name)) });
    };
    expect((await world.reconcile({ connect })).outcome).toBe('failed');
    expect((await world.live('configmap', 'settings')).metadata.labels).toHaveProperty('kustomize.toolkit.fluxcd.io/name');

    await world.reconcile();
    const { data, metadata } = await world.live('configmap', 'settings');
    expect(data).toEqual({ colour: 'blue' });
    expect(metadata.labels).toEqual({ 'plumbline.dev/owner': `test.${world.row.cluster}` });
    expect((await world.reconcile()).outcome).toBe('in-sync');
    expect(await world.open()).toEqual([]);
  });
});
