import { describe, expect, it } from 'vitest';
import { createWorld, objectRecords, type World } from '../reconcile/world.ts';

const APP = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: NS, labels: { app: web } }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers: [{ name: app, image: 'registry.example/web:1.0', env: [{ name: MODE, value: production }] }]
`;

async function deployed(yaml = APP, mode: 'enforce' | 'observe' = 'enforce'): Promise<World> {
  const world = await createWorld();
  await world.commit(yaml);
  expect((await world.reconcile()).outcome).toBe('in-sync');
  return mode === 'enforce' ? world : { ...world, reconcile: (changes, row) => world.reconcile(changes, { mode, ...row }) };
}

const SIDECAR = { spec: { template: { spec: { containers: [{ name: 'debug', image: 'registry.example/debug:1' }] } } } };

async function breakByHand(world: World): Promise<void> {
  await world.kubectl(['patch', 'deployment', 'web', '-p', JSON.stringify(SIDECAR)]);
  await world.kubectl(['set', 'env', 'deployment/web', '-c', 'app', 'DEBUG=1']);
  await world.kubectl(['label', 'deployment', 'web', 'owner=me']);
  await world.kubectl(['patch', 'deployment', 'web', '-p', '{"spec":{"paused":true,"strategy":{"rollingUpdate":{"maxSurge":"50%"}}}}']);
}

const BY_HAND = [
  'metadata.labels.owner',
  'spec.paused',
  'spec.strategy.rollingUpdate.maxSurge',
  'spec.template.spec.containers[name=app].env[name=DEBUG]',
  'spec.template.spec.containers[name=debug]',
];

describe('what a person adds beside our fields', () => {
  it('is taken over and removed: a sidecar, a variable, a label, single fields', async () => {
    const world = await deployed();
    await breakByHand(world);

    const result = await world.reconcile();

    expect(result.outcome).toBe('corrected');
    const [record, ...more] = objectRecords(result);
    expect(more).toEqual([]);
    expect(record).toMatchObject({
      kind: 'drift',
      class: 'foreign-field',
      decision: 'corrected',
      actor: { manager: expect.stringMatching(/^kubectl-/) },
      verifiedAt: expect.any(String),
    });
    expect(record?.changes.map(({ path }) => path).toSorted()).toEqual(BY_HAND);
    expect(record?.changes).toContainEqual({ path: 'spec.strategy.rollingUpdate.maxSurge', desired: '25%', live: '50%' });
    const { metadata, spec } = await world.live('deployment', 'web');
    expect(metadata.labels).not.toHaveProperty('owner');
    expect(spec).toMatchObject({
      strategy: { rollingUpdate: { maxSurge: '25%' } },
      template: { spec: { containers: [{ name: 'app', env: [{ name: 'MODE', value: 'production' }] }] } },
    });
    expect(JSON.stringify(spec)).not.toMatch(/debug|paused/i);
    expect(metadata.managedFields?.map(({ manager }) => manager)).toEqual([`plumbline-test-${world.row.cluster}`]);
    expect(await world.reconcile()).toMatchObject({ outcome: 'in-sync', records: [{ kind: 'run' }] });
  });

  it('is taken over where a controller made the map that it is in', async () => {
    const world = await deployed();
    await world.kubectl(['annotate', 'deployment', 'web', 'note=theirs', '--field-manager=kube-controller-manager']);
    await world.kubectl(['annotate', 'deployment', 'web', 'note=mine', '--overwrite']);
    const { metadata } = await world.live('deployment', 'web');
    expect(metadata.managedFields).toContainEqual(
      expect.objectContaining({ manager: 'kube-controller-manager', fieldsV1: { 'f:metadata': { 'f:annotations': {} } } }),
    );

    expect(objectRecords(await world.reconcile())).toMatchObject([
      { class: 'foreign-field', decision: 'corrected', event: 'verified', changes: [{ path: 'metadata.annotations.note', live: 'mine' }] },
    ]);
    expect((await world.live('deployment', 'web')).metadata.annotations ?? {}).not.toHaveProperty('note');
  });

  it('is predicted in observe mode, by the very same paths, and nothing is written', async () => {
    const world = await deployed(APP, 'observe');
    await breakByHand(world);
    const before = await world.live('deployment', 'web');

    const result = await world.reconcile();

    expect(result.outcome).toBe('drifting');
    expect(objectRecords(result)).toMatchObject([{ class: 'foreign-field', decision: 'observed' }]);
    expect(
      objectRecords(result)[0]
        ?.changes.map(({ path }) => path)
        .toSorted(),
    ).toEqual(BY_HAND);
    const [line] = (await world.plan()).lines;
    expect(line).toMatchObject({ action: 'update', changes: [] });
    expect(line?.takenBack?.map(({ path }) => path).toSorted()).toEqual(BY_HAND);
    expect(await world.live('deployment', 'web')).toEqual(before);
  });

  it.each([
    ['Lens', 'node-fetch'],
    ['k9s', 'k9s'],
    ['Rancher', 'rancher'],
    ['kubectl edit', 'kubectl-edit'],
  ])('is removed too when %s put it there, which writes as %s', async (_tool, manager) => {
    const world = await deployed();
    await world.kubectl(['annotate', 'deployment', 'web', 'note=hi', `--field-manager=${manager}`]);
    expect(objectRecords(await world.reconcile())).toMatchObject([{ class: 'foreign-field', decision: 'corrected', actor: { manager } }]);
    expect((await world.live('deployment', 'web')).metadata.annotations ?? {}).not.toHaveProperty('note');
  });

  it('is removed by server-side apply as well, with the defaults that came with it', async () => {
    const world = await deployed();
    const probe = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec: { template: { spec: { containers: [{ name: app, livenessProbe: { httpGet: { path: /live, port: 80 } } }] } } }
`;
    await world.kubectl(['apply', '--server-side', '-f', '-'], probe);
    expect(objectRecords(await world.reconcile())).toMatchObject([
      { class: 'foreign-field', decision: 'corrected', changes: [{ path: 'spec.template.spec.containers[name=app].livenessProbe' }] },
    ]);
    expect(JSON.stringify((await world.live('deployment', 'web')).spec)).not.toContain('livenessProbe');
  });

  it('leaves restarts, finalizers, our own annotations, what kubectl applied last, and replicas', async () => {
    const world = await deployed();
    await world.kubectl(['rollout', 'restart', 'deployment/web']);
    await world.kubectl([
      'annotate',
      'deployment',
      'web',
      'plumbline.dev/note=kept',
      'kubectl.kubernetes.io/last-applied-configuration={}',
    ]);
    await world.kubectl(['patch', 'deployment', 'web', '-p', '{"metadata":{"finalizers":["example.com/kept"]},"spec":{"replicas":7}}']);
    await world.kubectl(['label', 'deployment', 'web', 'owner=me']);

    expect(objectRecords(await world.reconcile())).toMatchObject([
      { class: 'foreign-field', decision: 'corrected', changes: [{ path: 'metadata.labels.owner' }] },
    ]);

    const { metadata, spec } = await world.live('deployment', 'web');
    expect(metadata).toMatchObject({ finalizers: ['example.com/kept'] });
    expect(metadata.annotations).toMatchObject({ 'plumbline.dev/note': 'kept', 'kubectl.kubernetes.io/last-applied-configuration': '{}' });
    expect(spec).toMatchObject({ replicas: 7 });
    expect(JSON.stringify(spec)).toContain('kubectl.kubernetes.io/restartedAt');
    expect((await world.reconcile()).outcome).toBe('in-sync');
    await world.kubectl(['patch', 'deployment', 'web', '--type=json', '-p', '[{"op":"remove","path":"/metadata/finalizers"}]']);
  });

  it('is seen where the server does not try the object under another name', async () => {
    const service = `
apiVersion: v1
kind: Service
metadata: { name: web, namespace: NS }
spec: { type: NodePort, selector: { app: web }, ports: [{ port: 80, nodePort: 31846 }] }
`;
    const world = await deployed(service);
    await world.kubectl(['patch', 'service', 'web', '-p', '{"spec":{"externalTrafficPolicy":"Local"}}']);
    expect(objectRecords(await world.reconcile())).toMatchObject([
      {
        class: 'foreign-field',
        decision: 'corrected',
        changes: [{ path: 'spec.externalTrafficPolicy', desired: 'Cluster', live: 'Local' }],
      },
    ]);
    expect((await world.live('service', 'web')).spec).toMatchObject({ externalTrafficPolicy: 'Cluster', ports: [{ nodePort: 31846 }] });
    await world.kubectl(['delete', 'service', 'web']);
  });

  it('goes as a rollout when it is what Git dropped', async () => {
    const world = await deployed();
    const same = APP.replaceAll('NS', world.namespace);
    await world.kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], same);
    await world.commit(APP.replace(', env: [{ name: MODE, value: production }]', ''));
    expect(objectRecords(await world.reconcile())).toMatchObject([{ kind: 'rollout', class: 'changed', verifiedAt: expect.any(String) }]);
    expect(JSON.stringify((await world.live('deployment', 'web')).spec)).not.toContain('MODE');
    expect((await world.reconcile()).outcome).toBe('in-sync');
  });

  it('is decided on again when the object moves between the takeover and its apply', async () => {
    const world = await deployed();
    await world.kubectl(['label', 'deployment', 'web', 'owner=me']);
    let moved = false;
    const connect: typeof world.deps.connect = async (...request) => {
      const client = await world.deps.connect(...request);
      const patch: typeof client.patch = async (resource, id, operations, options, signal) => {
        if (!options.dryRun && !moved) {
          moved = true;
          await world.kubectl(['label', 'deployment', 'web', 'other=mine']);
        }
        return client.patch(resource, id, operations, options, signal);
      };
      return new Proxy(client, { get: (target, name) => (name === 'patch' ? patch : Reflect.get(target, name)) });
    };
    expect(objectRecords(await world.reconcile({ connect }))).toMatchObject([
      {
        class: 'foreign-field',
        changes: [{ path: 'metadata.labels.other' }, { path: 'metadata.labels.owner' }],
        verifiedAt: expect.any(String),
      },
    ]);
    expect((await world.live('deployment', 'web')).metadata.labels).toEqual({
      app: 'web',
      'plumbline.dev/owner': `test.${world.row.cluster}`,
    });
  });
});

describe('what is not a person’s', () => {
  it('is tolerated when a controller put it there: reported once, and never written', async () => {
    const world = await deployed();
    await world.kubectl(['annotate', 'deployment', 'web', 'example.com/state=1', '--field-manager=deployment-controller']);
    const first = await world.reconcile();
    expect(first.outcome).toBe('in-sync');
    expect(objectRecords(first)).toMatchObject([
      { class: 'controller-field', decision: 'tolerated', changes: [{ path: 'metadata.annotations["example.com/state"]', live: '1' }] },
    ]);
    const before = await world.live('deployment', 'web');
    expect(await world.reconcile()).toMatchObject({ outcome: 'in-sync', records: [{ kind: 'run' }] });
    expect(await world.live('deployment', 'web')).toEqual(before);
  });

  it('is open drift with the name of a manager that nobody has classified, until somebody does', async () => {
    const world = await deployed();
    await world.kubectl(['annotate', 'deployment', 'web', 'example.com/state=1', '--field-manager=terraform']);
    const open = await world.reconcile();
    expect(open.outcome).toBe('drifting');
    expect(objectRecords(open)).toMatchObject([{ class: 'unclassified-field', decision: 'observed', actor: { manager: 'terraform' } }]);
    expect((await world.live('deployment', 'web')).metadata.annotations).toMatchObject({ 'example.com/state': '1' });

    await world.commit(APP, { settings: { managers: { controllers: ['terra*'] } } });
    expect((await world.reconcile()).outcome).toBe('in-sync');
    await world.commit(APP, { settings: { managers: { people: ['terraform'] } } });
    expect((await world.reconcile()).outcome).toBe('corrected');
    expect((await world.live('deployment', 'web')).metadata.annotations ?? {}).not.toHaveProperty('example.com/state');
  });

  it('is only reported when the server does not know whose it is, so that nothing is scaled to one', async () => {
    const world = await deployed();
    await world.kubectl(['scale', 'deployment', 'web', '--replicas=7']);
    await world.kubectl(['label', 'deployment', 'web', 'owner=me']);
    await world.kubectl([
      'patch',
      'deployment',
      'web',
      '--type=json',
      '-p',
      '[{"op":"replace","path":"/metadata/managedFields","value":[{}]}]',
    ]);
    await world.reconcile();
    const { metadata, spec } = await world.live('deployment', 'web');
    expect(metadata.managedFields?.map(({ manager }) => manager)).toContain('before-first-apply');
    expect(metadata.labels).toMatchObject({ owner: 'me' });
    expect(spec).toMatchObject({ replicas: 7 });
    expect(await world.open()).toMatchObject([{ class: 'unclassified-field', actor: { manager: 'before-first-apply' } }]);
  });
});
