import { afterAll, describe, expect, it } from 'vitest';
import { freePorts } from '../../../lib/local/ports.ts';
import type { Artifact } from '../../../lib/source/artifact.ts';
import { testCluster } from '../../helpers/environment.ts';
import { until } from '../kubernetes-faults/healthy-world.ts';
import { clientOf, createWorld, objectRecords, runRecord, type World } from '../reconcile/world.ts';

const AT_ONCE: Partial<Artifact> = { settings: { prune: { delay: '0s' } } };
const SETTINGS = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings, namespace: NS }\ndata: { colour: blue }\n';
const RUNS = 3;

/** What has to go from the cluster again: others are on it too. */
const leftovers: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const remove of leftovers.toReversed()) await remove();
});

const objectOf = (apiVersion: string, kind: string, name: string, body: string) =>
  `---\napiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: ${name}, namespace: NS }\n${body}\n`;

/** A kind of the namespace's own, whose definition is not in Git, with an object that stays there and one that leaves. */
interface Kind {
  readonly apiVersion: string;
  readonly kind: string;
  readonly body: string;
  /** As kubectl takes it, in a way that works while the rest does not. */
  readonly argument: string;
}

const yamlOf = ({ apiVersion, kind, body }: Kind, ...names: readonly string[]) =>
  SETTINGS + names.map((name) => objectOf(apiVersion, kind, name, body)).join('');

const exists = async (world: World, { argument }: Kind, name: string) =>
  (await world.kubectl(['get', argument, name, '--ignore-not-found', '-o', 'name'])) !== '';

async function withCustomKind(): Promise<{ readonly world: World; readonly group: string; readonly kind: Kind }> {
  const world = await createWorld();
  const group = `${world.namespace}.example.com`;
  const schema = {
    openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } } },
  };
  const definition = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `boxes.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural: 'boxes', singular: 'box', kind: 'Box', listKind: 'BoxList' },
      versions: [
        { name: 'v1', served: true, storage: true, schema },
        { name: 'v1beta1', served: true, storage: false, schema },
      ],
    },
  };
  await world.kubectl(['create', '-f', '-'], JSON.stringify(definition));
  leftovers.push(() => world.kubectl(['delete', 'crd', `boxes.${group}`, '--wait=false']));
  await world.kubectl(['wait', '--for=condition=Established', `crd/boxes.${group}`]);
  const kind = { apiVersion: `${group}/v1beta1`, kind: 'Box', body: 'spec: { size: 1 }', argument: `boxes.v1.${group}` };
  await until(async () => (await world.kubectl(['api-resources', '--api-group', group, '-o', 'name'])).includes('boxes'));
  return { world, group, kind };
}

const succeeds = (command: Promise<string>): Promise<boolean> =>
  command.then(
    () => true,
    () => false,
  );

/** Both objects of the kind are applied, and the checkpoint vouches for them. */
async function settle(world: World, kind: Kind): Promise<void> {
  await world.commit(yamlOf(kind, 'kept', 'extra'), AT_ONCE);
  expect((await world.reconcile()).outcome).toBe('in-sync');
  expect((await world.reconcile()).outcome).toBe('in-sync');
}

async function paint(world: World): Promise<void> {
  await world.kubectl(['patch', 'configmap', 'settings', '--type=merge', '--patch', '{"data":{"colour":"red"}}']);
}

/** Runs on end: none of them claims to know, or deletes what it cannot see; what it can see is kept as Git says. */
async function expectUnknown(world: World, changes: Parameters<World['reconcile']>[0] = {}): Promise<void> {
  for (let count = 0; count < RUNS; count += 1) {
    await paint(world);
    const run = await world.reconcile(changes);
    expect(run.outcome).toBe('failed');
    expect(runRecord(run)).toMatchObject({ objects: 2, created: 0 });
    expect((await world.live('configmap', 'settings')).data).toEqual({ colour: 'blue' });
  }
  const open = (await world.open()).filter(({ object }) => object.name === 'kept');
  expect(open).toMatchObject([{ decision: 'failed', error: { reason: expect.any(String) } }]);
}

/** Once it can be seen again, what left Git goes: so it stayed for no other reason. */
async function expectPruned(world: World, kind: Kind): Promise<void> {
  for (let count = 0; count < RUNS; count += 1) await world.reconcile();
  expect(await world.open()).toEqual([]);
  expect(await exists(world, kind, 'extra')).toBe(false);
  expect(await exists(world, kind, 'kept')).toBe(true);
  expect((await world.reconcile()).outcome).toBe('in-sync');
}

describe('a kind of which nothing can be said', () => {
  it('since its conversion webhook is down is never in sync and loses no object, while the others are corrected', async () => {
    const { world, group, kind } = await withCustomKind();
    await settle(world, kind);
    const [port = 0] = await freePorts(1);
    const clientConfig = { url: `https://127.0.0.1:${port}/convert`, caBundle: testCluster('prod-eu').certificateAuthority };
    const convertBy = (conversion: object) =>
      world.kubectl(['patch', 'crd', `boxes.${group}`, '--type=merge', '--patch', JSON.stringify({ spec: { conversion } })]);
    const isRead = () => succeeds(world.kubectl(['get', `boxes.v1beta1.${group}`, 'kept', '--request-timeout=5s']));
    await convertBy({ strategy: 'Webhook', webhook: { conversionReviewVersions: ['v1'], clientConfig } });
    await until(async () => !(await isRead()));

    await world.commit(yamlOf(kind, 'kept'), AT_ONCE);
    await expectUnknown(world);
    expect(await exists(world, kind, 'extra')).toBe(true);

    await convertBy({ strategy: 'None', webhook: null });
    await until(isRead);
    await expectPruned(world, kind);
  }, 180_000);

  it('since the server behind its API is down is never in sync and loses no object, while the others are corrected', async () => {
    const { world, group, kind } = await withCustomKind();
    await settle(world, kind);
    const service = `v1beta1.${group}`;
    const isRead = () => succeeds(world.kubectl(['get', `boxes.v1beta1.${group}`, 'kept', '--request-timeout=5s']));
    // Else the API server takes the change back.
    await world.kubectl(['label', 'apiservice', service, 'kube-aggregator.kubernetes.io/automanaged-']);
    leftovers.push(() => world.kubectl(['delete', 'apiservice', service, '--ignore-not-found']));
    const down = JSON.stringify({ spec: { service: { name: 'down', namespace: world.namespace } } });
    await world.kubectl(['patch', 'apiservice', service, '--type=merge', '--patch', down]);
    await until(async () => !(await isRead()));

    await world.commit(yamlOf(kind, 'kept'), AT_ONCE);
    await expectUnknown(world);
    expect(await exists(world, kind, 'extra')).toBe(true);

    // The API server makes its own again.
    await world.kubectl(['delete', 'apiservice', service]);
    await until(isRead);
    // As long as discovery has any gap nothing at all is deleted, and it takes its time to hear of the end of one.
    const isComplete = async () => (await world.admin.discover(AbortSignal.timeout(10_000))).served().complete;
    await expect.poll(isComplete, { timeout: 60_000, interval: 500 }).toBe(true);
    await expectPruned(world, kind);
  }, 180_000);
});

/** A user who may do everything that a run does, but of Secrets only this. */
async function clientWith(world: World, verbs: readonly string[]): Promise<NonNullable<Parameters<World['reconcile']>[0]>> {
  const name = `${world.namespace}-${verbs.length}`;
  const all = ['get', 'list', 'create', 'patch', 'update', 'delete'];
  const rules = [
    { apiGroups: [''], resources: ['configmaps', 'namespaces'], verbs: all },
    { apiGroups: ['apiextensions.k8s.io', 'admissionregistration.k8s.io'], resources: ['*'], verbs: ['get', 'list'] },
    ...(verbs.length === 0 ? [] : [{ apiGroups: [''], resources: ['secrets'], verbs }]),
  ];
  const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name }, rules };
  await world.kubectl(['create', '-f', '-'], JSON.stringify(role));
  leftovers.push(() => world.kubectl(['delete', 'clusterrole', name]));
  await world.kubectl(['create', 'serviceaccount', name]);
  await world.kubectl(['create', 'clusterrolebinding', name, `--clusterrole=${name}`, `--serviceaccount=${world.namespace}:${name}`]);
  leftovers.push(() => world.kubectl(['delete', 'clusterrolebinding', name]));
  const token = (await world.kubectl(['create', 'token', name])).trim();
  return { connect: async () => clientOf(testCluster('prod-eu'), token) };
}

describe('a kind that may not be listed', () => {
  const kind: Kind = { apiVersion: 'v1', kind: 'Secret', body: 'stringData: { password: first }', argument: 'secret' };

  it('nor read is never in sync and loses no object, while the others are corrected', async () => {
    const world = await createWorld();
    await settle(world, kind);
    const forbidden = await clientWith(world, []);
    await world.commit(yamlOf(kind, 'kept'), AT_ONCE);

    await expectUnknown(world, forbidden);

    expect(await exists(world, kind, 'extra')).toBe(true);
    expect((await world.open()).find(({ object }) => object.name === 'kept')?.error).toMatchObject({ reason: 'Forbidden' });
    await expectPruned(world, kind);
  }, 120_000);

  it('is read object by object where that is allowed: what a person changed is put back', async () => {
    const world = await createWorld();
    await settle(world, kind);
    const unlistable = await clientWith(world, ['get', 'create', 'patch', 'update', 'delete']);
    expect((await world.reconcile(unlistable)).outcome).toBe('in-sync');
    const patch = JSON.stringify({ stringData: { password: 'second' } });
    await world.kubectl(['patch', 'secret', 'kept', '--type=merge', '--patch', patch]);

    const run = await world.reconcile(unlistable);

    expect(run.outcome).toBe('corrected');
    expect(objectRecords(run)).toMatchObject([{ object: { kind: 'Secret', name: 'kept' }, decision: 'corrected' }]);
    expect((await world.live('secret', 'kept')).data).toEqual({ password: Buffer.from('first').toString('base64') });
  }, 120_000);
});
