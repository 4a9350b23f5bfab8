import { describe, expect, it } from 'vitest';
import { createWorld, objectRecords } from './world.ts';

const SETTINGS = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings, namespace: NS }\ndata: { colour: blue }\n';

/** How each of the others leaves its mark on a live object, and what the refusal has to name. */
const OTHERS: readonly (readonly [name: string, metadata: string, manager: string, named: string])[] = [
  [
    'Argo CD by its annotation',
    'annotations: { argocd.argoproj.io/tracking-id: "shop:/ConfigMap:x/settings" }',
    'kubectl',
    'application shop',
  ],
  ['Argo CD by its field manager', '', 'argocd-controller', 'Argo CD (field manager argocd-controller)'],
  ['Flux by its label', 'labels: { kustomize.toolkit.fluxcd.io/name: apps }', 'kubectl', 'Kustomization apps'],
  ['Flux by its field manager', '', 'kustomize-controller', 'Flux (field manager kustomize-controller)'],
  [
    'Helm by its annotation',
    'labels: { app.kubernetes.io/managed-by: Helm }, annotations: { meta.helm.sh/release-name: shop }',
    'kubectl',
    'release shop',
  ],
  ['Helm by its field manager', '', 'helm', 'Helm (field manager helm)'],
  ['another deployment', 'labels: { plumbline.dev/owner: elsewhere.prod }', 'kubectl', 'elsewhere.prod'],
];

describe('an object that somebody else keeps', () => {
  it.each(OTHERS)('is refused by name and never written: %s', async (_name, metadata, manager, named) => {
    const world = await createWorld();
    const theirs = `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings, namespace: ${world.namespace}, ${metadata} }\ndata: { colour: red }\n`;
    await world.kubectl(['apply', '--server-side', `--field-manager=${manager}`, '-f', '-'], theirs);
    const before = await world.live('configmap', 'settings');
    await world.commit(SETTINGS);

    const result = await world.reconcile();

    expect(result.outcome).toBe('blocked');
    expect(objectRecords(result)).toMatchObject([
      { decision: 'refused', object: { name: 'settings' }, error: { reason: 'OwnedByAnother', message: expect.stringContaining(named) } },
    ]);
    expect(await world.live('configmap', 'settings')).toEqual(before);
    expect((await world.plan()).lines).toMatchObject([{ action: 'error', error: { reason: 'OwnedByAnother' } }]);
  });

  it('is refused to a second row that claims the same object, while the first goes on', async () => {
    const first = await createWorld();
    await first.commit(SETTINGS);
    await first.reconcile();
    const second = await createWorld({ beside: first });
    await second.commit(SETTINGS.replace('blue', 'red'));

    const refused = await second.reconcile();

    expect(objectRecords(refused)).toMatchObject([
      { decision: 'refused', error: { message: expect.stringContaining(`Plumbline’s test.${first.row.cluster}`) } },
    ]);
    expect(await first.live('configmap', 'settings')).toMatchObject({ data: { colour: 'blue' } });
    expect((await first.reconcile()).outcome).toBe('in-sync');
  });

  it('is ours when only Git wrote the mark', async () => {
    const world = await createWorld();
    await world.commit(SETTINGS.replace('namespace: NS', 'namespace: NS, labels: { kustomize.toolkit.fluxcd.io/name: apps }'));
    await world.reconcile();
    expect((await world.reconcile()).outcome).toBe('in-sync');
  });
});

describe('an object of nobody that exists before us', () => {
  it('is taken over as a rollout', async () => {
    const world = await createWorld();
    await world.kubectl(['apply', '-f', '-'], SETTINGS.replace('NS', world.namespace).replace('blue', 'red'));
    await world.commit(SETTINGS);

    const result = await world.reconcile();

    expect(result.outcome).toBe('in-sync');
    expect(objectRecords(result)).toMatchObject([
      { kind: 'rollout', class: 'adopted', decision: 'applied', verifiedAt: expect.any(String) },
    ]);
    expect(objectRecords(result)[0]?.changes).toContainEqual({ path: 'data.colour', desired: 'blue', live: 'red' });
    expect((await world.reconcile()).outcome).toBe('in-sync');
  });
});
