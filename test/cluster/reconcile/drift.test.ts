import { describe, expect, it } from 'vitest';
import { createWorld, objectRecords, runRecord, type World } from './world.ts';

const APP = `
apiVersion: v1
kind: ConfigMap
metadata: { name: settings, namespace: NS, labels: { app: web, tier: front } }
data: { colour: blue, size: large }
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: NS }
spec:
  selector: { app: web }
  ports: [{ port: 80, name: http }, { port: 443, name: tls }]
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: NS }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      initContainers:
        - { name: first, image: 'registry.example/first:1' }
        - { name: second, image: 'registry.example/second:1' }
      containers:
        - name: app
          image: registry.example/web:1.0
          env: [{ name: MODE, value: production }]
          resources: { limits: { memory: 64Mi } }
`;

/** A world whose cluster is at `APP` already. */
async function deployed(): Promise<World> {
  const world = await createWorld();
  await world.commit(APP);
  expect((await world.reconcile()).outcome).toBe('in-sync');
  return world;
}

describe('a cluster without drift', () => {
  it('is created from nothing, and the next run is silent and writes nothing', async () => {
    const world = await createWorld();
    await world.commit(APP);

    const first = await world.reconcile();
    expect(runRecord(first)).toMatchObject({ outcome: 'in-sync', objects: 3, created: 3, drifted: 0, failed: 0 });
    expect(objectRecords(first)).toHaveLength(3);
    expect(objectRecords(first).every(({ kind, decision, verifiedAt }) => kind === 'rollout' && decision === 'applied' && verifiedAt)).toBe(
      true,
    );
    const before = await world.kubectl(['get', 'configmap,service,deployment', '-o', 'jsonpath={.items[*].metadata.resourceVersion}']);

    const second = await world.reconcile();
    expect(second).toMatchObject({ outcome: 'in-sync', records: [{ kind: 'run', created: 0, drifted: 0 }] });
    expect(second.records).toHaveLength(1);
    expect(await world.kubectl(['get', 'configmap,service,deployment', '-o', 'jsonpath={.items[*].metadata.resourceVersion}'])).toBe(
      before,
    );
    expect(await world.stores.state.get(world.row.cluster)).toMatchObject({
      outcome: 'in-sync',
      objects: 3,
      open: 0,
      revision: '1'.padStart(40, '0'),
      verifiedAt: expect.any(String),
      appliedArtifact: expect.any(String),
    });
  });

  it('carries our owner label and our field manager', async () => {
    const world = await deployed();
    const { metadata } = await world.live('configmap', 'settings');
    expect(metadata.labels).toMatchObject({ app: 'web', 'plumbline.dev/owner': `test.${world.row.cluster}` });
    expect(metadata.managedFields).toMatchObject([{ manager: `plumbline-test-${world.row.cluster}`, operation: 'Apply' }]);
  });
});

describe('drift', () => {
  it('in a value is corrected, and the record names the field manager', async () => {
    const world = await deployed();
    await world.kubectl(['set', 'image', 'deployment/web', 'app=registry.example/web:evil']);

    const result = await world.reconcile();

    expect(result.outcome).toBe('corrected');
    expect(objectRecords(result)).toMatchObject([
      {
        kind: 'drift',
        class: 'value',
        object: { kind: 'Deployment', name: 'web' },
        decision: 'corrected',
        actor: { manager: 'kubectl-set', operation: 'Update' },
        changes: [
          {
            path: 'spec.template.spec.containers[name=app].image',
            desired: 'registry.example/web:1.0',
            live: 'registry.example/web:evil',
          },
        ],
        verifiedAt: expect.any(String),
      },
    ]);
    expect(await world.kubectl(['get', 'deployment', 'web', '-o', 'jsonpath={..image}'])).toContain('registry.example/web:1.0');
    expect((await world.reconcile()).outcome).toBe('in-sync');
  });

  it('of a removed label is corrected, and nobody is named', async () => {
    const world = await deployed();
    await world.kubectl(['label', 'configmap', 'settings', 'tier-']);
    const result = await world.reconcile();
    expect(objectRecords(result)).toMatchObject([
      { class: 'metadata', actor: { manager: 'unknown' }, changes: [{ path: 'metadata.labels.tier', desired: 'front' }] },
    ]);
    expect((await world.live('configmap', 'settings')).metadata.labels?.tier).toBe('front');
  });

  it('of a deleted object is a missing object, created again, and nobody is named', async () => {
    const world = await deployed();
    await world.kubectl(['delete', 'service', 'web']);
    const result = await world.reconcile();
    expect(objectRecords(result)).toMatchObject([
      { kind: 'drift', class: 'missing', object: { kind: 'Service' }, decision: 'corrected', actor: { manager: 'unknown' } },
    ]);
    expect((await world.live('service', 'web')).spec).toMatchObject({ selector: { app: 'web' } });
  });

  it('and a commit to one object in one run are one record of each kind', async () => {
    const world = await deployed();
    await world.commit(APP.replace('web:1.0', 'web:2.0'));
    await world.kubectl(['scale', 'deployment', 'web', '--replicas', '5']);

    const result = await world.reconcile();

    expect(result.outcome).toBe('corrected');
    expect(objectRecords(result).toSorted((a, b) => a.kind.localeCompare(b.kind))).toMatchObject([
      { kind: 'drift', class: 'value', actor: { manager: 'kubectl' }, changes: [{ path: 'spec.replicas', desired: 2, live: 5 }] },
      { kind: 'rollout', decision: 'applied', changes: [{ path: 'spec.template.spec.containers[name=app].image' }] },
    ]);
    expect(runRecord(result)).toMatchObject({ drifted: 1, corrected: 1 });
  });

  it('in the order of a list is found and corrected', async () => {
    const world = await deployed();
    const { spec } = await world.live('deployment', 'web');
    const reordered = JSON.stringify(spec).replace(/"initContainers":\[(\{.*?\}),(\{[^\]]*\})\]/, '"initContainers":[$2,$1]');
    await world.kubectl([
      'patch',
      'deployment',
      'web',
      '--type=json',
      '-p',
      JSON.stringify([{ op: 'replace', path: '/spec', value: JSON.parse(reordered) }]),
    ]);

    const result = await world.reconcile();

    expect(objectRecords(result)).toMatchObject([
      {
        class: 'list-order',
        actor: { manager: 'unknown' },
        changes: [{ path: 'spec.template.spec.initContainers', desired: ['first', 'second'], live: ['second', 'first'] }],
        verifiedAt: expect.any(String),
      },
    ]);
    const names = await world.kubectl(['get', 'deployment', 'web', '-o', 'jsonpath={.spec.template.spec.initContainers[*].name}']);
    expect(names).toBe('first second');
  });

  it('that was put back is no drift, and the field becomes ours again once', async () => {
    const world = await deployed();
    await world.kubectl(['set', 'image', 'deployment/web', 'app=registry.example/web:other']);
    await world.kubectl(['set', 'image', 'deployment/web', 'app=registry.example/web:1.0']);

    const result = await world.reconcile();

    expect(objectRecords(result)).toMatchObject([{ class: 'ownership', decision: 'applied', changes: [], verifiedAt: expect.any(String) }]);
    expect(runRecord(result)).toMatchObject({ outcome: 'in-sync', drifted: 0 });
    await world.commit(APP.replace('          env: [{ name: MODE, value: production }]\n', ''));
    await world.reconcile();
    expect(objectRecords(await world.reconcile())).toEqual([]);
  });

  it('of a Secret is corrected without its value anywhere', async () => {
    const world = await createWorld();
    const secret = 'apiVersion: v1\nkind: Secret\nmetadata: { name: db, namespace: NS }\nstringData: { password: hunter2-in-git }\n';
    await world.commit(secret);
    await world.reconcile();
    await world.kubectl(['patch', 'secret', 'db', '-p', '{"stringData":{"password":"hunter3-by-hand"}}']);

    const plan = await world.plan();
    const result = await world.reconcile();

    expect(objectRecords(result)).toMatchObject([
      {
        class: 'value',
        changes: [{ path: 'data.password', desired: '(redacted)', live: '(redacted)' }],
        actor: { manager: 'kubectl-patch' },
      },
    ]);
    expect((await world.live('secret', 'db')).data).toEqual({ password: Buffer.from('hunter2-in-git').toString('base64') });
    const said = JSON.stringify([plan, result, await world.stores.records.query({}), await world.stores.state.list()]);
    for (const value of ['hunter2-in-git', 'hunter3-by-hand']) {
      expect(said).not.toContain(value);
      expect(said).not.toContain(Buffer.from(value).toString('base64'));
    }
  });
});

describe('what people put beside our fields', () => {
  it('is open drift where nothing is written, until they take it away again', async () => {
    const world = await deployed();
    await world.kubectl(['set', 'env', 'deployment/web', '-c', 'app', 'DEBUG=1']);

    const result = await world.reconcile({}, { mode: 'observe' });

    expect(result.outcome).toBe('drifting');
    expect(objectRecords(result)).toMatchObject([
      {
        class: 'foreign-field',
        decision: 'observed',
        changes: [{ path: 'spec.template.spec.containers[name=app].env[name=DEBUG]' }],
      },
    ]);
    expect(objectRecords(await world.reconcile({}, { mode: 'observe' }))).toEqual([]);
    expect(await world.open()).toHaveLength(1);

    await world.kubectl(['set', 'env', 'deployment/web', '-c', 'app', 'DEBUG-']);
    expect((await world.reconcile({}, { mode: 'observe' })).outcome).toBe('in-sync');
    expect(await world.open()).toEqual([]);
  });

  it('is told apart from the defaults of an object that somebody else created', async () => {
    const world = await createWorld({ mode: 'observe' });
    await world.kubectl(['apply', '-f', '-'], APP.replaceAll('NS', world.namespace));
    await world.kubectl(['patch', 'service', 'web', '-p', '{"spec":{"sessionAffinity":"ClientIP"}}']);
    await world.commit(APP);
    await world.reconcile();
    const [record, ...others] = await world.open();
    expect(others).toEqual([]);
    expect(record).toMatchObject({ class: 'foreign-field', object: { kind: 'Service' }, decision: 'observed' });
    expect(record?.changes[0]).toEqual({ path: 'spec.sessionAffinity', desired: 'None', live: 'ClientIP' });
  });

  it('is not drift when a controller did it, or when it asks for a restart', async () => {
    const world = await deployed();
    await world.kubectl(['rollout', 'restart', 'deployment/web']);
    await world.kubectl([
      'annotate',
      'deployment',
      'web',
      'deployment.kubernetes.io/revision=7',
      '--field-manager=kube-controller-manager',
    ]);
    expect(await world.reconcile()).toMatchObject({ outcome: 'in-sync', records: [{ kind: 'run' }] });
  });
});

describe('observe mode', () => {
  it('writes nothing and records the same', async () => {
    const world = await createWorld();
    await world.commit(APP);
    await world.reconcile();
    await world.kubectl(['set', 'image', 'deployment/web', 'app=registry.example/web:evil']);
    await world.kubectl(['delete', 'service', 'web']);
    const before = await world.kubectl(['get', 'configmap,deployment', '-o', 'jsonpath={.items[*].metadata.resourceVersion}']);

    const result = await world.reconcile({}, { mode: 'observe' });

    expect(result.outcome).toBe('drifting');
    expect(objectRecords(result).map((record) => [record.kind, record.class, record.decision])).toEqual(
      expect.arrayContaining([
        ['drift', 'value', 'observed'],
        ['drift', 'missing', 'observed'],
      ]),
    );
    expect(await world.kubectl(['get', 'configmap,deployment', '-o', 'jsonpath={.items[*].metadata.resourceVersion}'])).toBe(before);
    await expect(world.live('service', 'web')).rejects.toThrow('not found');
  });

  it('is in sync with a cluster that somebody else brought to what Git says, label or not', async () => {
    const world = await createWorld({ mode: 'observe' });
    await world.commit(APP);
    expect((await world.reconcile()).outcome).toBe('drifting');
    await world.kubectl(['apply', '-f', '-'], APP.replaceAll('NS', world.namespace));

    expect((await world.reconcile()).outcome).toBe('in-sync');
    await world.kubectl(['set', 'image', 'deployment/web', 'app=registry.example/web:evil']);
    expect(objectRecords(await world.reconcile())).toMatchObject([
      { kind: 'drift', class: 'value', decision: 'observed', actor: { manager: 'kubectl-set' } },
    ]);
  });

  it('says of absent objects whether they are valid', async () => {
    const world = await createWorld({ mode: 'observe' });
    await world.commit(`
apiVersion: v1
kind: ConfigMap
metadata: { name: fine, namespace: NS }
---
apiVersion: v1
kind: Service
metadata: { name: wrong, namespace: NS }
spec: { ports: [{ port: 123456 }] }
`);
    const result = await world.reconcile();
    expect(result.outcome).toBe('failed');
    expect(objectRecords(result).map(({ object, decision }) => [object.name, decision])).toEqual(
      expect.arrayContaining([
        ['fine', 'observed'],
        ['wrong', 'failed'],
      ]),
    );
  });
});

describe('a suspended row', () => {
  it('writes nothing until the suspension ends by itself', async () => {
    const world = await deployed();
    await world.kubectl(['set', 'image', 'deployment/web', 'app=registry.example/web:evil']);
    const suspended = await world.reconcile({}, { suspendedUntil: '2100-01-01T00:00:00Z' });
    expect(suspended.outcome).toBe('suspended');
    expect(objectRecords(suspended)).toMatchObject([{ class: 'value', decision: 'suspended' }]);
    expect(await world.kubectl(['get', 'deployment', 'web', '-o', 'jsonpath={..image}'])).toContain('web:evil');

    expect((await world.reconcile({}, { suspendedUntil: '2020-01-01T00:00:00Z' })).outcome).toBe('corrected');
    expect(await world.open()).toEqual([]);
  });
});
