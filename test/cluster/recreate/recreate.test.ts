import { describe, expect, it } from 'vitest';
import { createWorld, objectRecords, type World } from '../reconcile/world.ts';

const OPT_IN = 'plumbline.dev/on-immutable: recreate';
const pod = 'containers: [{ name: a, image: IMAGE }]';

/** A manifest with a field that cannot be changed, which is VALUE, and annotations. */
const KINDS: Readonly<Record<string, string>> = {
  job: `apiVersion: batch/v1
kind: Job
metadata: { name: it, namespace: NS, annotations: { ANNOTATIONS } }
spec: { template: { spec: { restartPolicy: Never, ${pod.replace('IMAGE', 'VALUE')} } } }
`,
  service: `apiVersion: v1
kind: Service
metadata: { name: it, namespace: NS, annotations: { ANNOTATIONS } }
spec: { clusterIP: VALUE, ports: [{ port: 80 }] }
`,
  deployment: `apiVersion: apps/v1
kind: Deployment
metadata: { name: it, namespace: NS, annotations: { ANNOTATIONS } }
spec:
  selector: { matchLabels: { app: VALUE } }
  template: { metadata: { labels: { app: VALUE } }, spec: { ${pod} } }
`,
  rolebinding: `apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: it, namespace: NS, annotations: { ANNOTATIONS } }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: VALUE }
`,
  configmap: `apiVersion: v1
kind: ConfigMap
metadata: { name: it, namespace: NS, annotations: { ANNOTATIONS } }
immutable: true
data: { a: VALUE }
`,
  secret: `apiVersion: v1
kind: Secret
metadata: { name: it, namespace: NS, annotations: { ANNOTATIONS } }
immutable: true
stringData: { a: VALUE }
`,
  statefulset: `apiVersion: apps/v1
kind: StatefulSet
metadata: { name: it, namespace: NS, annotations: { ANNOTATIONS } }
spec:
  serviceName: VALUE
  selector: { matchLabels: { app: a } }
  template: { metadata: { labels: { app: a } }, spec: { ${pod} } }
`,
  persistentvolumeclaim: `apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: it, namespace: NS, annotations: { ANNOTATIONS } }
spec: { accessModes: [VALUE], resources: { requests: { storage: 1Gi } } }
`,
};

const manifest = (kind: string, value: string, annotations = '') =>
  (KINDS[kind] ?? '').replaceAll('VALUE', value).replaceAll('ANNOTATIONS', annotations).replaceAll('IMAGE', 'a');

const VALUES: Readonly<Record<string, readonly [before: string, after: string]>> = {
  service: ['10.0.0.77', 'None'],
  persistentvolumeclaim: ['ReadWriteOnce', 'ReadWriteMany'],
};
const valuesOf = (kind: string) => VALUES[kind] ?? ['one', 'two'];

async function deployed(kind: string, annotations = ''): Promise<World> {
  const world = await createWorld();
  await world.commit(manifest(kind, valuesOf(kind)[0], annotations).replace('clusterIP: 10.0.0.77, ', ''));
  expect((await world.reconcile()).outcome).toBe('in-sync');
  return world;
}

const uidOf = async (world: World, kind: string) => (await world.live(kind, 'it')).metadata.uid;

/** What the garbage collector, which is not there, does once what the object owned is gone. */
async function collect(world: World, kind: string): Promise<void> {
  await world.kubectl(['patch', kind, 'it', '--type=merge', '-p', '{"metadata":{"finalizers":null}}']);
}

describe('a field that cannot be changed', () => {
  it.each(['job', 'service', 'deployment', 'rolebinding', 'configmap', 'secret', 'statefulset', 'persistentvolumeclaim'])(
    'is its object’s failure that says what to do, and deletes nothing: %s',
    async (kind) => {
      const world = await deployed(kind);
      const uid = await uidOf(world, kind);
      await world.commit(manifest(kind, valuesOf(kind)[1]));
      const result = await world.reconcile();
      expect(objectRecords(result)).toMatchObject([
        {
          kind: 'rollout',
          class: 'immutable',
          decision: 'failed',
          error: { reason: 'Immutable', message: expect.stringContaining(OPT_IN) },
        },
      ]);
      expect(await uidOf(world, kind)).toBe(uid);
      expect((await world.plan()).lines).toMatchObject([{ action: 'error', error: { reason: 'Immutable' } }]);
    },
  );

  it.each(['service', 'rolebinding', 'configmap', 'secret'])(
    'is met by a new object in the same run where Git says so: %s',
    async (kind) => {
      const world = await deployed(kind);
      const uid = await uidOf(world, kind);
      await world.commit(manifest(kind, valuesOf(kind)[1], OPT_IN));
      expect((await world.plan()).lines).toMatchObject([{ action: 'recreate' }]);
      const result = await world.reconcile();
      expect(objectRecords(result)).toMatchObject([
        { kind: 'rollout', class: 'immutable', decision: 'applied', verifiedAt: expect.any(String), object: { name: 'it' } },
      ]);
      expect(await uidOf(world, kind)).not.toBe(uid);
      expect((await world.reconcile()).outcome).toBe('in-sync');
      expect(await world.open()).toEqual([]);
    },
  );

  it.each(['job', 'deployment'])('is met by a new object once the old one and its pods are gone: %s', async (kind) => {
    const world = await deployed(kind);
    const uid = await uidOf(world, kind);
    await world.commit(manifest(kind, valuesOf(kind)[1], OPT_IN));
    expect(objectRecords(await world.reconcile())).toMatchObject([
      { class: 'immutable', decision: 'blocked', error: { reason: 'WaitingForDeletion' } },
    ]);
    expect((await world.live(kind, 'it')).metadata).toMatchObject({ uid, finalizers: ['foregroundDeletion'] });
    expect((await world.reconcile()).outcome).toBe('blocked');
    await collect(world, kind);
    const result = await world.reconcile();
    expect(result.outcome).toBe('in-sync');
    expect(await uidOf(world, kind)).not.toBe(uid);
    // It was missing by our own hand, which is no drift.
    expect(await world.stores.records.query({ cluster: world.row.cluster, kind: 'drift' })).toEqual([]);
    expect(await world.open()).toEqual([]);
  });

  it('of an object with others’ data takes its very uid to confirm it', async () => {
    const kind = 'statefulset';
    const world = await deployed(kind);
    const uid = await uidOf(world, kind);
    const confirming = (confirmed: string | undefined) => `${OPT_IN}, plumbline.dev/confirm-recreate: "${confirmed}"`;
    for (const annotations of [OPT_IN, confirming('176136c4-907a-4752-97fd-adcd1b58742d')]) {
      await world.commit(manifest(kind, 'two', annotations));
      await world.reconcile();
      expect(await world.open()).toMatchObject([
        { decision: 'failed', error: { message: expect.stringContaining(`confirm-recreate: ${uid}`) } },
      ]);
      expect((await world.live(kind, 'it')).metadata.deletionTimestamp).toBeUndefined();
    }
    await world.commit(manifest(kind, 'two', confirming(uid)));
    await world.reconcile();
    await collect(world, kind);
    await world.reconcile();
    expect(await uidOf(world, kind)).not.toBe(uid);
  });
});

describe('an object is not deleted to be created again', () => {
  it('when the new one would be refused', async () => {
    const world = await deployed('rolebinding');
    const uid = await uidOf(world, 'rolebinding');
    await world.commit(manifest('rolebinding', 'two', OPT_IN).replace('roleRef:', 'subjects: [{ kind: Nobody, name: x }]\nroleRef:'));
    const result = await world.reconcile();
    expect(result.outcome).toBe('failed');
    expect(await uidOf(world, 'rolebinding')).toBe(uid);
  });

  it('when only the new one would be refused', async () => {
    const world = await deployed('service');
    const uid = await uidOf(world, 'service');
    await world.kubectl(['create', 'service', 'clusterip', 'other', '--tcp=80']);
    const taken = (await world.kubectl(['get', 'service', 'other', '-o', 'jsonpath={.spec.clusterIP}'])).trim();
    await world.commit(manifest('service', taken, OPT_IN));
    expect(objectRecords(await world.reconcile())).toMatchObject([
      {
        class: 'immutable',
        decision: 'failed',
        error: { reason: 'RecreateInvalid', message: expect.stringContaining(`other has ${taken} already`) },
      },
    ]);
    expect(await uidOf(world, 'service')).toBe(uid);
  });

  it('for an ordinary mistake', async () => {
    const world = await deployed('deployment');
    const uid = await uidOf(world, 'deployment');
    await world.commit(manifest('deployment', 'one', OPT_IN).replace('image: a', 'image: ""'));
    expect(objectRecords(await world.reconcile())).toMatchObject([{ class: 'unverifiable', error: { reason: 'Invalid' } }]);
    expect(await uidOf(world, 'deployment')).toBe(uid);
  });

  it('when it changed after that was decided', async () => {
    const world = await deployed('configmap');
    const uid = await uidOf(world, 'configmap');
    await world.commit(manifest('configmap', 'two', OPT_IN));
    const connect: typeof world.deps.connect = async (...request) => {
      const client = await world.deps.connect(...request);
      const remove: typeof client.delete = async (...deletion) => {
        await world.kubectl(['label', 'configmap', 'it', 'meanwhile=changed']);
        return client.delete(...deletion);
      };
      return new Proxy(client, { get: (target, name) => (name === 'delete' ? remove : Reflect.get(target, name)) });
    };
    expect(objectRecords(await world.reconcile({ connect }))).toMatchObject([{ decision: 'failed', error: { reason: 'Conflict' } }]);
    expect(await uidOf(world, 'configmap')).toBe(uid);
  });

  it('in observe', async () => {
    const world = await deployed('configmap');
    const uid = await uidOf(world, 'configmap');
    await world.commit(manifest('configmap', 'two', OPT_IN));
    expect(objectRecords(await world.reconcile({}, { mode: 'observe' }))).toMatchObject([{ class: 'immutable', decision: 'observed' }]);
    expect(await uidOf(world, 'configmap')).toBe(uid);
  });
});

it('a hook of Helm that is a Job is replaced as Helm does it', async () => {
  const hook = (image: string) => manifest('job', image, 'helm.sh/hook: pre-upgrade');
  const world = await createWorld();
  await world.commit(hook('one'));
  await world.reconcile();
  const uid = await uidOf(world, 'job');
  await world.reconcile();
  expect(await uidOf(world, 'job')).toBe(uid);
  await world.commit(hook('two'));
  await world.reconcile();
  await collect(world, 'job');
  await world.reconcile();
  expect(await uidOf(world, 'job')).not.toBe(uid);
});
