import { describe, expect, it } from 'vitest';
import { ApiError } from '../../../lib/kubernetes/api-error.ts';
import type { KubernetesObject, ManagedFieldsEntry } from '../../../lib/manifests/object.ts';
import { managerClassifier } from '../../../lib/reconcile/managers.ts';
import { formatPath, type Path, type Segment } from '../../../lib/reconcile/path.ts';
import { groupOthers, isExempt, type Owned, observeOthers, takeoverOf } from '../../../lib/reconcile/takeover/index.ts';
import { configMap, deployment, IDENTITY, managed, ours, target, update } from './objects.ts';

const GIT = deployment({ containers: [{ name: 'app', image: 'web:1' }] }, { labels: { app: 'web' } });
const APP = { name: 'app', image: 'web:1' };
const DEBUG = { name: 'debug', image: 'debug:1' };
const inContainers = (fields: object) => ({ 'f:spec': { 'f:template': { 'f:spec': { 'f:containers': { ...fields } } } } });
const itemFields = { '.': {}, 'f:name': {}, 'f:image': {}, 'f:imagePullPolicy': {} };

function ownedOf(live: KubernetesObject, dryRun: KubernetesObject): Owned {
  return { target: target(GIT), live, dryRun, fieldManager: IDENTITY.fieldManager, classify: managerClassifier(), spares: () => false };
}

/** What people and unknown programs have beside ours, by what the server is asked about. */
async function found(live: KubernetesObject, ...entries: readonly ManagedFieldsEntry[]): Promise<readonly string[]> {
  const others = await observeOthers(ownedOf(managed(live, ours(GIT), ...entries), managed(live, ours(GIT), ...entries)), async () => GIT);
  return (others ?? []).filter(({ who }) => who !== 'controller').flatMap(({ paths }) => paths.map(formatPath));
}

describe('fields beside ours', () => {
  it.each<[string, KubernetesObject, readonly ManagedFieldsEntry[], readonly string[]]>([
    [
      'a sidecar, as one item',
      deployment({ containers: [APP, DEBUG] }),
      [update('kubectl-patch', inContainers({ 'k:{"name":"debug"}': itemFields }))],
      ['spec.template.spec.containers[name=debug]'],
    ],
    [
      'a variable in our container',
      deployment({ containers: [{ ...APP, env: [{ name: 'X', value: '1' }] }] }),
      [update('node-fetch', inContainers({ 'k:{"name":"app"}': { 'f:env': { '.': {}, 'k:{"name":"X"}': { '.': {}, 'f:value': {} } } } }))],
      ['spec.template.spec.containers[name=app].env'],
    ],
    [
      'a label',
      deployment({ containers: [APP] }, { labels: { app: 'web', owner: 'me' } }),
      [update('kubectl-label', { 'f:metadata': { 'f:labels': { 'f:owner': {} } } })],
      ['metadata.labels.owner'],
    ],
    [
      'a field of a manager that is neither a person’s nor a controller’s',
      deployment({ containers: [APP], nodeName: 'a' }),
      [update('custom', { 'f:spec': { 'f:template': { 'f:spec': { 'f:nodeName': {} } } } })],
      ['spec.template.spec.nodeName'],
    ],
    [
      'not a controller’s',
      deployment({ containers: [APP, DEBUG] }),
      [update('kube-controller-manager', inContainers({ 'k:{"name":"debug"}': itemFields }))],
      [],
    ],
    [
      'not one that a controller has too',
      deployment({ containers: [APP, DEBUG] }),
      [
        update('kubectl', inContainers({ 'k:{"name":"debug"}': itemFields })),
        update('kube-controller-manager', inContainers({ 'k:{"name":"debug"}': itemFields })),
      ],
      [],
    ],
    [
      'a label in a map that a controller has made',
      deployment({ containers: [APP] }, { labels: { owner: 'me' } }),
      [
        update('kube-controller-manager', { 'f:metadata': { 'f:labels': {} } }),
        update('kubectl-label', { 'f:metadata': { 'f:labels': { 'f:owner': {} } } }),
      ],
      ['metadata.labels.owner'],
    ],
    [
      'a field in a map that a controller has made',
      deployment({ containers: [APP], extra: { key: 'value' } }),
      [
        update('kube-controller-manager', { 'f:spec': { 'f:template': { 'f:spec': { 'f:extra': {} } } } }),
        update('kubectl-edit', { 'f:spec': { 'f:template': { 'f:spec': { 'f:extra': { 'f:key': {} } } } } }),
      ],
      ['spec.template.spec.extra.key'],
    ],
    ['not what we own too', GIT, [update('kubectl-edit', inContainers({ 'k:{"name":"app"}': { 'f:image': {} } }))], []],
    ['not what is gone again', GIT, [update('kubectl-edit', inContainers({ 'k:{"name":"debug"}': itemFields }))], []],
    [
      'not what came through a subresource',
      deployment({ containers: [APP], replicas: 3 }),
      [update('kubectl', { 'f:spec': { 'f:template': { 'f:spec': { 'f:replicas': {} } } } }, 0, 'scale')],
      [],
    ],
    [
      'not what others write as a matter of course',
      deployment(
        { containers: [APP] },
        { finalizers: ['x/y'], annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}', 'plumbline.dev/hold-until': 'x' } },
      ),
      [
        update('kubectl', {
          'f:metadata': {
            'f:finalizers': { 'v:"x/y"': {} },
            'f:annotations': { 'f:kubectl.kubernetes.io/last-applied-configuration': {}, 'f:plumbline.dev/hold-until': {} },
          },
        }),
      ],
      [],
    ],
  ])('%s', async (_what, live, entries, paths) => expect(await found(live, ...entries)).toEqual(paths));

  it('are asked about by the whole struct where nobody else has anything in it', async () => {
    const probe = { livenessProbe: { httpGet: { path: '/', port: 80, scheme: 'HTTP' } } };
    const applied = update(
      'kubectl',
      inContainers({ 'k:{"name":"app"}': { 'f:livenessProbe': { 'f:httpGet': { 'f:path': {}, 'f:port': {} } } } }),
    );
    expect(await found(deployment({ containers: [{ ...APP, ...probe }] }, { labels: { app: 'web' } }), applied)).toEqual([
      'spec.template.spec.containers[name=app].livenessProbe',
    ]);
  });
});

const SERVICE = configMap({ spec: { type: 'ClusterIP', affinity: 'ClientIP', free: 'yes' } });
const created = update('kubectl-create', { 'f:spec': { 'f:type': {}, 'f:affinity': {} } }, 1);
const edited = update('kubectl-edit', { 'f:spec': { 'f:affinity': {} } }, 2);
const terraform = update('terraform', { 'f:spec': { 'f:free': {} } }, 3);

/** The groups of an object that Git says nothing of, when the server has these defaults. */
async function groups(entries: readonly ManagedFieldsEntry[], defaults: KubernetesObject) {
  const live = managed(SERVICE, ...entries);
  const owned = ownedOf(live, managed(SERVICE, ours(configMap()), ...entries));
  const others = (await observeOthers(owned, async () => managed(defaults, ...entries))) ?? [];
  return groupOthers(others, { target: target(configMap()), dryRun: owned.dryRun, spares: owned.spares });
}

describe('a field that others own', () => {
  it('is in no group when the server would put it there itself', async () => {
    expect(await groups([created], SERVICE)).toEqual([]);
  });
  it('is shown with what would be there without it, and with who wrote it', async () => {
    expect(await groups([created, edited], configMap({ spec: { type: 'ClusterIP', affinity: 'None', free: 'yes' } }))).toMatchObject([
      {
        who: 'person',
        class: 'foreign-field',
        differences: [{ path: [{ field: 'spec' }, { field: 'affinity' }], live: 'ClientIP', desired: 'None' }],
        actor: { manager: 'kubectl-edit, kubectl-create' },
      },
    ]);
  });
  it('of an unknown program is a group of its own, which has nothing of the person’s', async () => {
    expect(await groups([edited, terraform], configMap({ spec: { type: 'ClusterIP' } }))).toMatchObject([
      {
        who: 'person',
        differences: [{ path: [{ field: 'spec' }, { field: 'affinity' }] }, { path: [{ field: 'spec' }, { field: 'free' }] }],
      },
    ]);
    const unknown = await groups([terraform], configMap({ spec: { type: 'ClusterIP', affinity: 'ClientIP' } }));
    expect(unknown).toMatchObject([{ who: 'unclassified', class: 'unclassified-field', actor: { manager: 'terraform' } }]);
  });
  it('is told with the reason where the server would not be without it', async () => {
    const owned = ownedOf(managed(SERVICE, edited), managed(SERVICE, ours(configMap()), edited));
    const refuse = () => Promise.reject(new ApiError({ status: 422, reason: 'Invalid', message: 'field is immutable' }));
    const others = (await observeOthers(owned, refuse)) ?? [];
    expect(groupOthers(others, { target: owned.target, dryRun: owned.dryRun, spares: owned.spares })).toMatchObject([
      {
        who: 'person',
        class: 'irremovable-field',
        failure: { reason: 'Irremovable', message: expect.stringContaining('field is immutable') },
      },
    ]);
  });
  it.each([
    ['Conflict', 409],
    ['Timeout', 0],
  ])('is not judged by an answer that is none: %s', async (reason, status) => {
    const owned = ownedOf(managed(SERVICE, edited), managed(SERVICE, ours(configMap()), edited));
    const asked = observeOthers(owned, () => Promise.reject(new ApiError({ status, reason, message: '' })));
    if (reason === 'Conflict') expect(await asked).toBeUndefined();
    else await expect(asked).rejects.toThrow(ApiError);
  });
});

describe('what is never taken over', () => {
  const field = (name: string): Segment => ({ field: name });
  const at = (...names: readonly (string | Segment)[]): Path => names.map((name) => (typeof name === 'string' ? field(name) : name));
  const port: Segment = { keys: { port: 80, protocol: 'TCP' } };
  it.each<[string, string, Path, boolean]>([
    ['v1', 'Service', at('spec', 'clusterIP'), true],
    ['v1', 'Service', at('spec', 'clusterIPs'), true],
    ['v1', 'Service', at('spec', 'healthCheckNodePort'), true],
    ['v1', 'Service', at('spec', 'ports', port, 'nodePort'), true],
    ['v1', 'Service', at('spec', 'ports', port, 'name'), false],
    ['v1', 'Service', at('spec', 'externalTrafficPolicy'), false],
    ['example.com/v1', 'Service', at('spec', 'clusterIP'), false],
    ['v1', 'PersistentVolumeClaim', at('spec', 'volumeName'), true],
    ['batch/v1', 'Job', at('spec', 'selector', 'matchLabels', 'controller-uid'), true],
    ['batch/v1', 'Job', at('spec', 'template', 'metadata', 'labels', 'batch.kubernetes.io/controller-uid'), true],
    ['apps/v1', 'Deployment', at('spec', 'replicas'), true],
    ['apps/v1', 'Deployment', at('spec', 'template', 'spec', 'replicas'), false],
    ['apps/v1', 'Deployment', at('spec', 'template', 'metadata', 'annotations', 'kubectl.kubernetes.io/restartedAt'), true],
    ['apps/v1', 'Deployment', at('metadata', 'annotations', 'plumbline.dev/hold-until'), true],
    ['apps/v1', 'Deployment', at('metadata', 'labels', 'plumbline.dev/team'), false],
    ['apps/v1', 'Deployment', at('metadata', 'finalizers', { value: 'example.com/kept' }), true],
    [
      'admissionregistration.k8s.io/v1',
      'ValidatingWebhookConfiguration',
      at('webhooks', { keys: { name: 'x' } }, 'clientConfig', 'caBundle'),
      true,
    ],
    ['v1', 'ConfigMap', at('data', 'caBundle'), false],
  ])('%s %s: %j is %s', (apiVersion, kind, path, exempt) => expect(isExempt({ apiVersion, kind }, path)).toBe(exempt));
});

describe('a takeover', () => {
  const entry = (taken: KubernetesObject, ...entries: readonly ManagedFieldsEntry[]) =>
    takeoverOf(ownedOf(managed(taken, ours(GIT), ...entries), managed(GIT, ours(GIT))));

  it('unites people’s fields with ours and leaves the other managers what is theirs', () => {
    const label = { 'f:metadata': { 'f:labels': { 'f:owner': {} } } };
    const kept = [update('terraform', label), update('kube-controller-manager', label), update('kubectl', label, 0, 'scale')];
    const taken = entry(deployment({}, { labels: { owner: 'me' } }), update('kubectl-label', label), ...kept);
    expect(taken?.[0]).toMatchObject({
      manager: IDENTITY.fieldManager,
      operation: 'Apply',
      fieldsV1: { 'f:metadata': { 'f:labels': { 'f:app': {}, 'f:owner': {} } } },
    });
    expect(taken?.slice(1)).toEqual(kept);
  });

  it('leaves finalizers, restarts, our annotations and what the cluster allocates with whoever has them', () => {
    const spared = {
      'f:metadata': {
        'f:finalizers': { 'v:"x/y"': {} },
        'f:annotations': { 'f:kubectl.kubernetes.io/last-applied-configuration': {}, 'f:plumbline.dev/hold-until': {} },
      },
      'f:spec': {
        'f:replicas': {},
        'f:template': { 'f:metadata': { 'f:annotations': { 'f:kubectl.kubernetes.io/restartedAt': {} } } },
      },
    };
    expect(entry(GIT, update('kubectl', spared))).toBeUndefined();
    const more = { ...spared, 'f:spec': { ...spared['f:spec'], 'f:paused': {} } };
    expect(entry(GIT, update('kubectl', more))?.[1]).toMatchObject({ manager: 'kubectl', fieldsV1: spared });
  });

  it.each(['before-first-apply', 'ancient-changes'])('never seizes %s, whatever the settings say', (manager) => {
    const classify = managerClassifier({ people: [manager, '*'] });
    const owned = ownedOf(managed(GIT, ours(GIT), update(manager, { 'f:spec': { 'f:paused': {} } })), managed(GIT, ours(GIT)));
    expect(takeoverOf({ ...owned, classify })).toBeUndefined();
  });

  it('does not unite fields that are written in another version of the API', () => {
    const other = { ...update('kubectl', { 'f:spec': { 'f:paused': {} } }), apiVersion: 'apps/v1beta1' };
    expect(entry(GIT, other)).toBeUndefined();
  });
});

describe('a field manager', () => {
  it.each([
    ['kubectl-client-side-apply', 'person'],
    ['node-fetch', 'person'],
    ['rancher', 'person'],
    ['k9s', 'person'],
    ['horizontal-pod-autoscaler', 'controller'],
    ['kubelet', 'controller'],
    ['kubelet-impostor', 'unclassified'],
    ['before-first-apply', 'unclassified'],
    ['', 'unclassified'],
  ])('%s is a %s', (manager, expected) => expect(managerClassifier()(manager)).toBe(expected));

  it('is what plumbline.yaml says it is', () => {
    const classify = managerClassifier({ people: ['terraform*', 'kubelet'], controllers: ['kubectl-flagger'] });
    expect(['terraform-1', 'kubelet', 'kubectl-flagger', 'kubectl'].map(classify)).toEqual(['person', 'person', 'controller', 'person']);
  });
});
