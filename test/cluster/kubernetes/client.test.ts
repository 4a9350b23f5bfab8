import { setTimeout as sleep } from 'node:timers/promises';
import { rootCertificates } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiClient, type ApiResource, bearerToken, checkAccess } from '../../../lib/kubernetes/index.ts';
import type { KubernetesObject, ObjectMeta } from '../../../lib/manifests/object.ts';
import { READER_TOKEN, startTestCluster, type TestCluster } from './control-plane.ts';

let cluster: TestCluster;
let client: ApiClient;
const signal = AbortSignal.timeout(120_000);

beforeAll(async () => {
  cluster = await startTestCluster();
  client = cluster.client();
});
afterAll(() => cluster?.stop());

async function find(apiVersion: string, kind: string): Promise<ApiResource> {
  const lookup = (await client.discover(signal)).lookup(apiVersion, kind);
  if ('found' in lookup) return lookup.found;
  throw new Error(`${apiVersion} ${kind} is not there: ${JSON.stringify(lookup)}`);
}

function configMap(name: string, data: Readonly<Record<string, string>>, metadata: Partial<ObjectMeta> = {}): KubernetesObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default', ...metadata }, data };
}

const applying = { fieldManager: 'plumbline-test', dryRun: false } as const;
const dryRunning = { fieldManager: 'plumbline-test', dryRun: true } as const;

describe('delete', () => {
  it('deletes the very object that was decided on, and no other', async () => {
    const configMaps = await find('v1', 'ConfigMap');
    const { object: old } = await client.apply(configMaps, configMap('deleted', { key: 'one' }), applying, signal);
    const { object: live } = await client.apply(configMaps, configMap('deleted', { key: 'two' }), applying, signal);
    const id = { namespace: 'default', name: 'deleted' };
    const remove = (preconditions: { readonly uid: string; readonly resourceVersion: string }) =>
      client.delete(configMaps, id, { ...preconditions, propagationPolicy: 'Background' }, signal);
    const { uid = '', resourceVersion = '' } = live.metadata;
    expect(await remove({ uid, resourceVersion: old.metadata.resourceVersion ?? '' })).toBe('moved');
    expect(await remove({ uid: '176136c4-907a-4752-97fd-adcd1b58742d', resourceVersion })).toBe('moved');
    expect(await client.get(configMaps, id, signal)).toEqual(live);
    expect(await remove({ uid, resourceVersion })).toBe('accepted');
    expect(await client.get(configMaps, id, signal)).toBeUndefined();
    expect(await remove({ uid, resourceVersion })).toBe('gone');
  });

  it('waits for finalizers on the server, and says so only by the object', async () => {
    const configMaps = await find('v1', 'ConfigMap');
    const held = configMap('finalised', {}, { finalizers: ['example.com/hold'] });
    const { uid = '', resourceVersion = '' } = (await client.apply(configMaps, held, applying, signal)).object.metadata;
    const id = { namespace: 'default', name: 'finalised' };
    expect(await client.delete(configMaps, id, { uid, resourceVersion, propagationPolicy: 'Background' }, signal)).toBe('accepted');
    expect((await client.get(configMaps, id, signal))?.metadata.deletionTimestamp).toEqual(expect.any(String));
    expect(await client.delete(configMaps, id, { uid, resourceVersion, propagationPolicy: 'Background' }, signal)).toBe('moved');
  });
});

describe('apply', () => {
  it('tells a creation from a change, and answers with what is live then', async () => {
    const configMaps = await find('v1', 'ConfigMap');
    const first = await client.apply(configMaps, configMap('created', { key: 'one' }), applying, signal);
    const second = await client.apply(configMaps, configMap('created', { key: 'two' }), applying, signal);
    expect([first.created, second.created]).toEqual([true, false]);
    const live = await client.get(configMaps, { namespace: 'default', name: 'created' }, signal);
    expect(second.object).toEqual(live);
    expect(live?.data).toEqual({ key: 'two' });
    expect(live?.metadata.managedFields?.map(({ manager, operation }) => ({ manager, operation }))).toEqual([
      { manager: 'plumbline-test', operation: 'Apply' },
    ]);
  });

  it('takes a field from another manager', async () => {
    const configMaps = await find('v1', 'ConfigMap');
    await client.apply(configMaps, configMap('forced', { key: 'theirs' }), { ...applying, fieldManager: 'somebody' }, signal);
    const { object } = await client.apply(configMaps, configMap('forced', { key: 'ours' }), applying, signal);
    expect(object.data).toEqual({ key: 'ours' });
  });

  it('writes nothing in a dry-run and answers with the live resourceVersion', async () => {
    const configMaps = await find('v1', 'ConfigMap');
    const { object: live } = await client.apply(configMaps, configMap('dry', { key: 'one' }), applying, signal);
    const { object: dry } = await client.apply(configMaps, configMap('dry', { key: 'two' }), dryRunning, signal);
    expect(dry.data).toEqual({ key: 'two' });
    expect(dry.metadata.resourceVersion).toBe(live.metadata.resourceVersion);
    expect(await client.get(configMaps, { namespace: 'default', name: 'dry' }, signal)).toEqual(live);

    await client.apply(configMaps, configMap('dry-absent', {}), dryRunning, signal);
    expect(await client.get(configMaps, { namespace: 'default', name: 'dry-absent' }, signal)).toBeUndefined();
  });

  it('refuses to write over an object that is not the one that was observed', async () => {
    const configMaps = await find('v1', 'ConfigMap');
    const { object: old } = await client.apply(configMaps, configMap('guarded', { key: 'one' }), applying, signal);
    const { object: live } = await client.apply(configMaps, configMap('guarded', { key: 'two' }), applying, signal);
    const { uid, resourceVersion } = live.metadata;
    if (uid === undefined || resourceVersion === undefined || old.metadata.resourceVersion === undefined) throw new Error('not live');
    const other = '176136c4-907a-4752-97fd-adcd1b58742d';
    for (const precondition of [{ uid: other }, { uid, resourceVersion: old.metadata.resourceVersion }, { uid: other, resourceVersion }]) {
      const late = client.apply(configMaps, configMap('guarded', { key: 'late' }, precondition), applying, signal);
      await expect(late).rejects.toMatchObject({ reason: 'Conflict' });
    }
    const gone = client.apply(configMaps, configMap('guarded-gone', {}, { uid }), applying, signal);
    await expect(gone).rejects.toMatchObject({ reason: 'Conflict' });
    expect(await client.get(configMaps, { namespace: 'default', name: 'guarded' }, signal)).toEqual(live);
    const { object } = await client.apply(configMaps, configMap('guarded', { key: 'three' }, { uid, resourceVersion }), applying, signal);
    expect(object.data).toEqual({ key: 'three' });
  });

  it('refuses an unknown field, by name', async () => {
    const object = { ...configMap('strict', {}), dta: { key: 'one' } };
    const applied = client.apply(await find('v1', 'ConfigMap'), object, applying, signal);
    await expect(applied).rejects.toMatchObject({
      reason: 'Invalid',
      message: expect.stringMatching(/^ConfigMap default\/strict: .*\.dta/),
    });
  });

  it('says that the namespace is missing', async () => {
    const configMaps = await find('v1', 'ConfigMap');
    const missing = client.apply(configMaps, configMap('lost', {}, { namespace: 'nowhere' }), applying, signal);
    await expect(missing).rejects.toMatchObject({ reason: 'NamespaceNotFound' });
  });

  it('keeps what is in a Secret out of every refusal', async () => {
    const secrets = await find('v1', 'Secret');
    const secret = (fields: object): KubernetesObject => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 's', namespace: 'default' },
      ...fields,
    });
    const bodies = [
      { data: { key: 12345678 } },
      { data: { key: '12345678!' } },
      { stringData: { key: 12345678 } },
      { type: '12345678', data: { 'not a key': 'MTIzNDU2Nzg=' } },
      { immutable: '12345678' },
    ];
    for (const body of bodies) {
      const failure = await client.apply(secrets, secret(body), applying, signal).catch((error: unknown) => error);
      expect(failure).toMatchObject({ reason: 'Invalid' });
      expect(JSON.stringify(failure, ['message', 'causes', 'reason', 'field', 'stack'])).not.toContain('12345678');
    }
  });
});

describe('list', () => {
  it('has every page, whole objects, and only what the label selects', async () => {
    const configMaps = await find('v1', 'ConfigMap');
    const names = Array.from({ length: 260 }, (_, index) => `page-${index}`);
    const labels = { set: 'pages' };
    await Promise.all(names.map((name) => client.apply(configMaps, configMap(name, { name }, { labels }), applying, signal)));
    const before = client.requests;
    const listed = await client.list(configMaps, { labelSelector: 'set=pages' }, signal);
    expect(client.requests - before).toBe(2);
    expect(listed.map((object) => object.metadata.name).sort()).toEqual([...names].sort());
    const one = await client.get(configMaps, { namespace: 'default', name: 'page-0' }, signal);
    expect(listed.find((object) => object.metadata.name === 'page-0')).toEqual(one);
  });

  it('in pages has the same, and asks for a page only when the last one is used up', async () => {
    const configMaps = await find('v1', 'ConfigMap');
    const labels = { set: 'small-pages' };
    const names = Array.from({ length: 120 }, (_, index) => `small-${index}`);
    await Promise.all(names.map((name) => client.apply(configMaps, configMap(name, { name }, { labels }), applying, signal)));
    const before = client.requests;
    const listed: unknown[] = [];
    for await (const object of client.listInPages(configMaps, { labelSelector: 'set=small-pages' }, signal)) {
      listed.push(object);
      expect(client.requests - before).toBe(listed.length <= 100 ? 1 : 2);
    }
    expect(listed).toEqual(await client.list(configMaps, { labelSelector: 'set=small-pages' }, signal));
    expect(listed).toHaveLength(120);
  });
});

describe('discovery', () => {
  it('has a custom kind once its definition is there, and keeps its big integers', async () => {
    const definition = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'ledgers.example.com' },
      spec: {
        group: 'example.com',
        scope: 'Cluster',
        names: { plural: 'ledgers', singular: 'ledger', kind: 'Ledger', listKind: 'LedgerList' },
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: {
              openAPIV3Schema: {
                type: 'object',
                properties: { spec: { type: 'object', properties: { total: { type: 'integer', format: 'int64' } } } },
              },
            },
          },
        ],
      },
    };
    expect((await client.discover(signal)).lookup('example.com/v1', 'Ledger')).toEqual({ absent: true });
    await client.apply(await find('apiextensions.k8s.io/v1', 'CustomResourceDefinition'), definition, applying, signal);
    let lookup = (await client.discover(signal)).lookup('example.com/v1', 'Ledger');
    while (!('found' in lookup)) {
      await sleep(50, undefined, { signal });
      lookup = (await client.discover(signal)).lookup('example.com/v1', 'Ledger');
    }
    expect(lookup.found).toMatchObject({ plural: 'ledgers', namespaced: false });

    const ledger = { apiVersion: 'example.com/v1', kind: 'Ledger', metadata: { name: 'a' }, spec: { total: 9_007_199_254_740_993n } };
    await client.apply(lookup.found, ledger, applying, signal);
    const live = await client.get(lookup.found, { namespace: '', name: 'a' }, signal);
    expect(live?.spec).toEqual({ total: 9_007_199_254_740_993n });
  });

  it('leaves a gap where the server behind an API is down', async () => {
    const service = {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: 'v1.down.example.com' },
      spec: {
        group: 'down.example.com',
        version: 'v1',
        groupPriorityMinimum: 100,
        versionPriority: 100,
        service: { name: 'down', namespace: 'default' },
      },
    };
    await client.apply(await find('apiregistration.k8s.io/v1', 'APIService'), service, applying, signal);
    let lookup = (await client.discover(signal)).lookup('down.example.com/v1', 'Thing');
    while ('absent' in lookup) {
      await sleep(50, undefined, { signal });
      lookup = (await client.discover(signal)).lookup('down.example.com/v1', 'Thing');
    }
    expect(lookup).toEqual({ gap: expect.stringContaining('down.example.com/v1') });
  });
});

describe('what goes wrong', () => {
  it('gives undefined for an object that is absent, also in an absent namespace', async () => {
    const configMaps = await find('v1', 'ConfigMap');
    expect(await client.get(configMaps, { namespace: 'default', name: 'absent' }, signal)).toBeUndefined();
    expect(await client.get(configMaps, { namespace: 'nowhere', name: 'absent' }, signal)).toBeUndefined();
    expect(await client.get(await find('v1', 'Namespace'), { namespace: '', name: 'nowhere' }, signal)).toBeUndefined();
  });

  it('does not take a kind that is not served for an absent object', async () => {
    const gone = { group: 'gone.example.com', version: 'v1', kind: 'Thing', plural: 'things', namespaced: false, verbs: [] };
    await expect(client.get(gone, { namespace: '', name: 'a' }, signal)).rejects.toMatchObject({ reason: 'KindNotFound' });
  });

  it('refuses a server whose certificate another authority signed, whatever the environment says', async () => {
    const certificateAuthority = Buffer.from(rootCertificates[0] ?? '').toString('base64');
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    try {
      const version = cluster.client({ certificateAuthority }).serverVersion(signal);
      await expect(version).rejects.toMatchObject({
        reason: 'TlsVerification',
        status: 0,
        message: expect.stringContaining('certificateAuthority'),
      });
    } finally {
      delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    }
  });

  it('refuses a server whose certificate names another host', async () => {
    // The same server under an address that its certificate does not have.
    const endpoint = cluster.controlPlane.endpoint.replace('127.0.0.1', '0.0.0.0');
    await expect(cluster.client({ endpoint }).serverVersion(signal)).rejects.toMatchObject({ reason: 'TlsVerification' });
  });

  it('names refused credentials and keeps the token out of the message', async () => {
    const version = cluster.client({ authentication: bearerToken('hunter2', 'test') }).serverVersion(signal);
    await expect(version).rejects.toMatchObject({ reason: 'Unauthorized', status: 401, message: expect.not.stringContaining('hunter2') });
  });

  it('is forbidden one kind and reads the others', async () => {
    const rbac = { apiVersion: 'rbac.authorization.k8s.io/v1' };
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'reader' };
    const subjects = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'reader' }];
    const rules = [{ apiGroups: [''], resources: ['configmaps', 'namespaces'], verbs: ['get', 'list', 'patch', 'create'] }];
    await client.apply(
      await find(rbac.apiVersion, 'ClusterRole'),
      { ...rbac, kind: 'ClusterRole', metadata: { name: 'reader' }, rules },
      applying,
      signal,
    );
    const binding = { ...rbac, kind: 'ClusterRoleBinding', metadata: { name: 'reader' }, roleRef, subjects };
    await client.apply(await find(rbac.apiVersion, 'ClusterRoleBinding'), binding, applying, signal);

    const reader = cluster.client({ authentication: bearerToken(READER_TOKEN, 'test') });
    const listed = async (kind: string): Promise<string> =>
      reader.list(await find('v1', kind), {}, signal).then(
        () => 'listed',
        (error: { reason: string }) => error.reason,
      );
    while ((await listed('ConfigMap')) !== 'listed') await sleep(50, undefined, { signal });
    expect(await listed('Secret')).toBe('Forbidden');

    const checks = await checkAccess(reader, 'observe', signal);
    expect(checks.map(({ check, ok }) => [check, ok])).toEqual([
      ['reachable', true],
      ['credentials', true],
      ['identity of the cluster', true],
      ['permissions', false],
    ]);
    expect(checks.at(-1)?.detail).toBe(
      'not allowed: get secrets, list secrets, create secrets, patch secrets, get services, list services, create services, patch services, get deployments, list deployments, create deployments, patch deployments',
    );
    expect(checks[1]?.detail).toContain('reader');
  });

  it('checks access from here, as far as it goes', async () => {
    const all = await checkAccess(client, 'enforce', signal);
    expect(all.map(({ ok }) => ok)).toEqual([true, true, true, true]);
    const stranger = await checkAccess(cluster.client({ authentication: bearerToken('unknown', 'test') }), 'observe', signal);
    expect(stranger.map(({ check, ok }) => [check, ok])).toEqual([
      ['reachable', true],
      ['credentials', false],
    ]);
    expect(stranger[1]?.remedy).toContain('access entry');
  });
});
