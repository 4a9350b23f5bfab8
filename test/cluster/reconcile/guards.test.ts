import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { PlumblineError } from '../../../lib/errors.ts';
import { bearerToken, createKubernetesClient, type KubernetesClient } from '../../../lib/kubernetes/index.ts';
import { type ReconcileDependencies, reconcileCluster } from '../../../lib/reconcile/index.ts';
import { adminToken, testCluster } from '../../helpers/environment.ts';
import { clientOf, createWorld, objectRecords, runRecord, type World } from './world.ts';

const SETTINGS = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings, namespace: NS }\ndata: { colour: blue }\n';
const SECRET = '---\napiVersion: v1\nkind: Secret\nmetadata: { name: db, namespace: NS }\nstringData: { password: hunter2 }\n';

async function deployed(yaml = SETTINGS): Promise<World> {
  const world = await createWorld();
  await world.commit(yaml);
  await world.reconcile();
  return world;
}

describe('whose cluster it is', () => {
  it('stops everything when another cluster answers behind the endpoint', async () => {
    const world = await deployed();
    const other = testCluster('prod-us');
    const result = await world.reconcile({ connect: async () => clientOf(other, await adminToken(other)) });

    expect(runRecord(result)).toMatchObject({ outcome: 'failed', error: { reason: 'ClusterChanged' } });
    const admin = clientOf(other, await adminToken(other));
    const namespaces = { group: '', version: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false, verbs: [] };
    expect(await admin.get(namespaces, { namespace: '', name: world.namespace }, AbortSignal.timeout(5_000))).toBeUndefined();
    await admin.close();
    expect((await world.reconcile()).outcome).toBe('in-sync');
  });

  it('leaves a cluster alone that another run is at, whichever row it came from', async () => {
    const world = await deployed();
    await world.kubectl(['patch', 'configmap', 'settings', '-p', '{"data":{"colour":"red"}}']);
    const uid = (await world.stores.state.get(world.row.cluster))?.clusterUid ?? '';
    const lease = await world.stores.leases.acquire(uid, 'another run', 60);

    expect(await world.reconcile()).toEqual({ outcome: 'skipped', records: [] });
    expect((await world.live('configmap', 'settings')).data).toEqual({ colour: 'red' });

    if (lease !== undefined) await world.stores.leases.release(lease);
    expect((await world.reconcile()).outcome).toBe('corrected');
    expect(await world.stores.leases.acquire(uid, 'the next run', 60)).toBeDefined();
  });

  it('decides again on an object that moved between the decision and the write', async () => {
    const world = await deployed();
    await world.kubectl(['patch', 'configmap', 'settings', '-p', '{"data":{"colour":"red"}}']);
    const connect = beforeFirstWrite(world, async () => {
      await world.kubectl(['patch', 'configmap', 'settings', '-p', '{"data":{"colour":"blue"}}']);
    });
    const result = await world.reconcile({ connect });
    expect(objectRecords(result)).toMatchObject([{ class: 'ownership', verifiedAt: expect.any(String) }]);
  });

  it('is not overwritten by a late run that lost its lease to one with a newer artifact', async () => {
    const world = await deployed();
    await world.kubectl(['patch', 'configmap', 'settings', '-p', '{"data":{"colour":"red"}}']);
    const connect = beforeFirstWrite(world, async () => {
      world.advance(600);
      await world.commit(SETTINGS.replace('blue', 'green'));
      expect((await world.reconcile()).outcome).toBe('corrected');
    });

    const late = await world.reconcile({ connect });

    expect(late.outcome).toBe('failed');
    expect(runRecord(late)).toMatchObject({ error: { reason: 'LeaseLost' } });
    // What became of its drift the other run has said.
    expect(objectRecords(late)).toEqual([]);
    const told = await world.stores.records.query({ cluster: world.row.cluster, kind: 'drift' });
    expect(told).toMatchObject([{ class: 'value', decision: 'corrected', verifiedAt: expect.any(String) }]);
    expect((await world.live('configmap', 'settings')).data).toEqual({ colour: 'green' });
    expect(await world.stores.state.get(world.row.cluster)).toMatchObject({ outcome: 'corrected', revision: '2'.padStart(40, '0') });
    expect((await world.reconcile()).outcome).toBe('in-sync');
    expect(await world.open()).toEqual([]);
  });
});

describe('what the next run knows', () => {
  const OTHER = '---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: other, namespace: NS }\n';

  /** A run is due in `world`, and this is what happens while it is held up. */
  const overtake = (world: World) => async (): Promise<void> => {
    world.advance(600);
    await world.commit(`${SETTINGS.replace('blue', 'green')}${OTHER}`);
    await world.reconcile();
  };
  const inventoried = async (world: World) =>
    (await world.stores.artifacts.getInventory(world.row.cluster))?.objects.map(({ kind, name }) => `${kind} ${name}`);

  it.each<[string, (world: World) => Partial<ReconcileDependencies>]>([
    [
      'before it stores what it is about to write',
      (world) => {
        const putInventory = held(overtake(world), world.deps.artifacts.putInventory);
        return { artifacts: { ...world.deps.artifacts, putInventory } };
      },
    ],
    [
      'while it records what it did',
      (world) => ({ recorder: { ...world.deps.recorder, record: held(overtake(world), world.deps.recorder.record) } }),
    ],
  ])('is not set back by a run that lost its lease %s', async (_when, heldUp) => {
    const world = await deployed();
    await world.commit(`${SETTINGS.replace('blue', 'red')}`);

    await world.reconcile(heldUp(world));

    expect(await inventoried(world)).toEqual(['ConfigMap other', 'ConfigMap settings']);
    expect(await world.stores.state.get(world.row.cluster)).toMatchObject({ outcome: 'in-sync', revision: '3'.padStart(40, '0') });
    expect((await world.live('configmap', 'settings')).data).toEqual({ colour: 'green' });
    expect((await world.reconcile()).outcome).toBe('in-sync');
  });
});

/** The same function; before its first call something else happens. */
function held<Args extends readonly unknown[], Result>(
  happens: () => Promise<void>,
  call: (...args: Args) => Promise<Result>,
): (...args: Args) => Promise<Result> {
  let pending = true;
  return async (...args) => {
    if (pending) {
      pending = false;
      await happens();
    }
    return call(...args);
  };
}

/** A connection on which something happens in the cluster just before the first write arrives. */
function beforeFirstWrite(world: World, happens: () => Promise<void>): () => Promise<KubernetesClient> {
  let pending = true;
  return async () => {
    const client = await world.deps.connect(world.row, AbortSignal.timeout(5_000));
    const apply: KubernetesClient['apply'] = async (resource, object, options, signal) => {
      if (!options.dryRun && pending) {
        pending = false;
        await happens();
      }
      return client.apply(resource, object, options, signal);
    };
    return new Proxy(client, { get: (target, name) => (name === 'apply' ? apply : Reflect.get(target, name)) });
  };
}

describe('what the cluster refuses', () => {
  it('of one kind is that kind’s failure', async () => {
    const world = await createWorld();
    await world.kubectl(['create', 'serviceaccount', 'limited']);
    await world.kubectl(['create', 'role', 'limited', '--verb=get,patch,create', '--resource=configmaps']);
    await world.kubectl(['create', 'rolebinding', 'limited', '--role=limited', `--serviceaccount=${world.namespace}:limited`]);
    const identity = `limited-${world.namespace}`;
    await world.kubectl(['create', 'clusterrole', identity, '--verb=get', '--resource=namespaces']);
    await world.kubectl([
      'create',
      'clusterrolebinding',
      identity,
      `--clusterrole=${identity}`,
      `--serviceaccount=${world.namespace}:limited`,
    ]);
    const token = (await world.kubectl(['create', 'token', 'limited'])).trim();
    const limited = await createWorld({ beside: world, token });
    await limited.commit(SETTINGS + SECRET);

    const result = await limited.reconcile();

    expect(runRecord(result)).toMatchObject({ outcome: 'failed', created: 1, failed: 1 });
    expect(objectRecords(result)).toMatchObject([
      { decision: 'applied', object: { kind: 'ConfigMap' } },
      { decision: 'failed', object: { kind: 'Secret' }, error: { reason: 'Forbidden', message: expect.stringContaining('ClusterRole') } },
    ]);
    expect(await limited.stores.state.get(limited.row.cluster)).toMatchObject({ outcome: 'failed', failure: { reason: 'Forbidden' } });
    await world.kubectl(['delete', 'clusterrole,clusterrolebinding', identity]);
  });

  it.each([
    ['401', 'Unauthorized', async () => clientOf(testCluster('prod-eu'), 'not-a-token')],
    [
      'another CA',
      'TlsVerification',
      async () => clientOf({ ...testCluster('prod-eu'), certificateAuthority: testCluster('prod-us').certificateAuthority }, 'x'),
    ],
    [
      'nothing at all',
      'Unreachable',
      async () => {
        const { certificateAuthority } = testCluster('prod-eu');
        return createKubernetesClient({ endpoint: await deadEndpoint(), certificateAuthority, authentication: bearerToken('x', 'test') });
      },
    ],
  ] as const)('as a whole ends the run, which is tried again later and later: %s', async (_name, reason, connect) => {
    const world = await deployed();
    const first = await world.reconcile({ connect });
    expect(first.records).toMatchObject([{ kind: 'run', outcome: 'failed', error: { reason }, objects: 0 }]);
    await world.reconcile({ connect });
    const state = await world.stores.state.get(world.row.cluster);
    expect(state).toMatchObject({ outcome: 'failed', failure: { reason }, consecutiveFailures: 2, verifiedAt: expect.any(String) });
    const delay = Date.parse(state?.nextAttemptAt ?? '') - Date.parse(state?.lastRunAt ?? '');
    expect(delay).toBe(60_000 * 0.875);

    expect((await world.reconcile()).outcome).toBe('in-sync');
    const mended = await world.stores.state.get(world.row.cluster);
    expect([mended?.failure, mended?.consecutiveFailures, mended?.nextAttemptAt]).toEqual([undefined, undefined, undefined]);
  });
});

/** An address at which something just listened, and nothing does any more. */
async function deadEndpoint(): Promise<string> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return `https://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`;
}

describe('a cluster without an artifact', () => {
  it('is never in sync: it waits for its repository, or fails with it', async () => {
    const world = await createWorld();
    const connect = async (): Promise<KubernetesClient> => {
      throw new PlumblineError('Touched', 'the cluster must not be asked');
    };
    expect(runRecord(await world.reconcile({ connect }))).toMatchObject({ outcome: 'blocked', error: { reason: 'WaitingForSource' } });
    const sourceFailure = { reason: 'BranchMissing', message: 'https://git.example/shop.git: it has no branch main' };
    await world.stores.state.update(world.row.cluster, { sourceFailure });
    expect(runRecord(await world.reconcile({ connect }))).toMatchObject({ outcome: 'failed', error: sourceFailure });
  });

  it('that once had one is still corrected while Git cannot be followed', async () => {
    const world = await deployed();
    const sourceFailure = { reason: 'Unreachable', message: 'https://git.example/shop.git: no answer' };
    await world.stores.state.update(world.row.cluster, { sourceFailure });
    await world.kubectl(['patch', 'configmap', 'settings', '-p', '{"data":{"colour":"red"}}']);
    expect((await world.reconcile()).outcome).toBe('corrected');
    expect(await world.stores.state.get(world.row.cluster)).toMatchObject({ outcome: 'corrected', sourceFailure });
  });
});

describe('a run', () => {
  it('of a row that is off touches nothing', async () => {
    const world = await deployed();
    await world.kubectl(['patch', 'configmap', 'settings', '-p', '{"data":{"colour":"red"}}']);
    expect(await world.reconcile({}, { mode: 'off' })).toMatchObject({ outcome: 'off', records: [{ kind: 'run', requests: 0 }] });
    expect((await world.live('configmap', 'settings')).data).toEqual({ colour: 'red' });
  });

  it('that is stopped while it writes records what it did and what it did not', async () => {
    const world = await createWorld();
    await world.commit(Array.from({ length: 30 }, (_, index) => `${SETTINGS.replace('settings', `settings-${index}`)}---\n`).join(''));
    const stop = new AbortController();
    let writes = 0;
    const connect = async (): Promise<KubernetesClient> => {
      const client = await world.deps.connect(world.row, stop.signal);
      const apply: KubernetesClient['apply'] = async (resource, object, options) => {
        writes += 1;
        if (writes === 10) stop.abort();
        return client.apply(resource, object, options, stop.signal);
      };
      return new Proxy(client, { get: (target, name) => (name === 'apply' ? apply : Reflect.get(target, name)) });
    };
    const result = await reconcileCluster(world.row, { ...world.deps, connect }, { runId: 'stopped', signal: stop.signal });

    const live = (await world.kubectl(['get', 'configmap', '-o', 'name'])).split('\n').filter((name) => name.includes('settings-'));
    const applied = objectRecords(result).filter(({ decision }) => decision === 'applied');
    expect(result.outcome).toBe('failed');
    expect(objectRecords(result)).toHaveLength(30);
    expect(applied.length).toBeGreaterThan(0);
    expect(applied.length).toBeLessThanOrEqual(live.length);
    expect(live.length).toBeLessThan(30);
    expect((await world.stores.artifacts.getInventory(world.row.cluster))?.objects).toHaveLength(30);

    const next = await world.reconcile();
    expect(next.outcome).toBe('in-sync');
    expect(await world.open()).toEqual([]);
  });
});
