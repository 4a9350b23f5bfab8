import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { adminToken, freshNamespace, testCluster } from '../../helpers/environment.ts';

/** The manifests of `infra/access/` for the audit, on a real API server: what the two groups may do, and what not. */
const AUDIT = ['plumbline:audit'];
const REROLL = [...AUDIT, 'plumbline:audit-reroll'];
const cluster = testCluster('prod-eu');
const applied: string[] = [];
let token: string;
let namespace: string;

interface Asked {
  readonly groups?: readonly string[];
  readonly body?: object;
}

/** Through Node's own client: undici joins the headers of several groups into one. */
async function call(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, { groups = [], body }: Asked = {}) {
  const outgoing = request(`${cluster.endpoint}${path}`, {
    method,
    ca: Buffer.from(cluster.certificateAuthority, 'base64').toString('utf8'),
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': method === 'PATCH' ? 'application/apply-patch+yaml' : 'application/json',
      ...(groups.length === 0 ? {} : { 'impersonate-user': 'audit', 'impersonate-group': [...groups] }),
    },
  });
  outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  const [response] = await once(outgoing, 'response');
  return { status: Number(response.statusCode), text: await text(response) };
}

const Manifest = z.object({ apiVersion: z.string(), kind: z.string(), metadata: z.object({ name: z.string() }) });

beforeAll(async () => {
  token = await adminToken(cluster);
  namespace = await freshNamespace(cluster);
  for (const file of ['audit', 'audit-reroll']) {
    const manifests = await readFile(join(import.meta.dirname, `../../../infra/access/${file}.yaml`), 'utf8');
    for (const document of parseAllDocuments(manifests)) {
      const object = document.toJS();
      const { apiVersion, kind, metadata } = Manifest.parse(object);
      const plural = kind.endsWith('y') ? `${kind.slice(0, -1)}ies` : `${kind}s`;
      const path = `/apis/${apiVersion}/${plural.toLowerCase()}/${metadata.name}`;
      const { status, text: answer } = await call('PATCH', `${path}?fieldManager=test`, { body: object });
      if (status >= 300) throw new Error(`${path}: ${status} ${answer}`);
      applied.push(path);
    }
  }
  // The server takes a moment until it knows a new role.
  while ((await call('GET', '/apis/policy/v1/poddisruptionbudgets', { groups: REROLL })).status === 403) await sleep(50);
});
afterAll(async () => {
  for (const path of applied.toReversed()) await call('DELETE', path);
});

it.each([
  ['/api/v1/pods', 200],
  ['/api/v1/nodes', 200],
  ['/apis/apps/v1/replicasets', 200],
  ['/apis/apps/v1/controllerrevisions', 200],
  ['/apis/batch/v1/jobs', 200],
  ['/api/v1/secrets', 403],
  ['/api/v1/configmaps', 403],
  ['/apis/apps/v1/deployments', 403],
  ['/apis/policy/v1/poddisruptionbudgets', 403],
])('the audit reads %s: %i', async (path, status) => {
  expect((await call('GET', path, { groups: AUDIT })).status).toBe(status);
});

const labels = { app: 'web' };
const deploymentOf = (name: string) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace },
  spec: {
    replicas: 2,
    selector: { matchLabels: labels },
    template: { metadata: { labels, annotations: { team: 'shop' } }, spec: { containers: [{ name: 'app', image: 'web:1' }] } },
  },
});
const path = (name: string) => `/apis/apps/v1/namespaces/${namespace}/deployments/${name}?fieldManager=image-reroll-test&force=true`;
const patch = (name: string, spec: object, groups: readonly string[]) =>
  call('PATCH', path(name), { groups, body: { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace }, spec } });
const restart = () => ({ template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': randomUUID() } } } });

it('writes nothing without the group that restarts', async () => {
  await call('POST', `/apis/apps/v1/namespaces/${namespace}/deployments`, { body: deploymentOf('read-only') });
  expect((await patch('read-only', restart(), AUDIT)).status).toBe(403);
});

it('restarts a workload with it, and changes nothing of what it runs', async () => {
  for (const name of ['probe', 'web'])
    await call('POST', `/apis/apps/v1/namespaces/${namespace}/deployments`, { body: deploymentOf(name) });
  const image = () => ({ template: { spec: { containers: [{ name: 'app', image: `evil:${randomUUID()}` }] } } });
  // The server takes a moment until it asks a new policy.
  while ((await patch('probe', image(), REROLL)).status === 200) await sleep(200);
  const refused = await patch('web', image(), REROLL);
  expect([refused.status, refused.text]).toEqual([403, expect.stringContaining('change nothing of what it runs')]);
  expect((await patch('web', { replicas: 0 }, REROLL)).status).toBe(403);
  expect((await patch('web', { paused: true, ...restart() }, REROLL)).status).toBe(403);
  const injected = { template: { metadata: { annotations: { 'sidecar.istio.io/proxyImage': 'evil:1' } } } };
  expect((await patch('web', injected, REROLL)).status).toBe(403);
  expect((await patch('made-anew', deploymentOf('made-anew').spec, REROLL)).status).toBe(403);
  for (const again of [restart(), restart()]) expect((await patch('web', again, REROLL)).status).toBe(200);
  expect((await call('GET', '/apis/policy/v1/poddisruptionbudgets', { groups: REROLL })).status).toBe(200);
  expect((await call('GET', '/api/v1/namespaces/kube-system', { groups: REROLL })).status).toBe(200);
  expect((await call('GET', '/api/v1/namespaces/default', { groups: REROLL })).status).toBe(403);
  expect((await call('DELETE', path('web'), { groups: REROLL })).status).toBe(403);
});
