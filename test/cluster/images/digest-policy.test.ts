import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { digestPolicy, NAMESPACE_LABEL } from '../../../lib/images/allow-list.ts';
import { adminToken, callCluster, freshNamespace, testCluster } from '../../helpers/environment.ts';

const NAME = 'test-image-digests';
const KINDS = ['validatingadmissionpolicies', 'validatingadmissionpolicybindings'] as const;
const PINNED = `registry.example/web:1@sha256:${'a'.repeat(64)}`;
const api = '/apis/admissionregistration.k8s.io/v1';
let token: string;
let namespace: string;

const call = (method: 'POST' | 'PUT' | 'GET' | 'DELETE' | 'PATCH', path: string, body?: object) =>
  callCluster(testCluster('prod-eu'), token, method, path, body);

async function create(name: string, spec: object) {
  const metadata = { name, namespace };
  return await call('POST', `/api/v1/namespaces/${namespace}/pods`, { apiVersion: 'v1', kind: 'Pod', metadata, spec });
}

beforeAll(async () => {
  token = await adminToken(testCluster('prod-eu'));
  namespace = await freshNamespace(testCluster('prod-eu'));
  const labels = { [NAMESPACE_LABEL]: 'required' };
  await call('PATCH', `/api/v1/namespaces/${namespace}?fieldManager=test`, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace, labels },
  });
  for (const [index, document] of parseAllDocuments(digestPolicy(NAME)).entries()) {
    expect((await call('POST', `${api}/${KINDS[index]}`, document.toJS())).status).toBe(201);
  }
  // The server takes a moment until it asks a new policy.
  for (let probe = 0; (await create(`probe-${probe}`, { containers: [{ name: 'app', image: 'nginx:1' }] })).status === 201; probe += 1)
    await sleep(200);
});
afterAll(async () => {
  for (const kind of KINDS) await call('DELETE', `${api}/${kind}/${NAME}`);
});

it.each([
  ['a container', { containers: [{ name: 'app', image: 'nginx:1' }] }, 'containers'],
  [
    'one of two containers',
    {
      containers: [
        { name: 'app', image: PINNED },
        { name: 'b', image: 'nginx' },
      ],
    },
    'containers',
  ],
  [
    'an init container',
    { containers: [{ name: 'app', image: PINNED }], initContainers: [{ name: 'init', image: 'busybox:1' }] },
    'initContainers',
  ],
  [
    'an image volume',
    { containers: [{ name: 'app', image: PINNED }], volumes: [{ name: 'data', image: { reference: 'registry.example/data:1' } }] },
    'volumes',
  ],
  ['a digest that is too short', { containers: [{ name: 'app', image: 'nginx@sha256:abc' }] }, 'containers'],
])('the policy refuses a pod with %s without a digest', async (_what, spec, list) => {
  const { status, body } = await create('refused', spec);
  expect([status, JSON.stringify(body)]).toEqual([422, expect.stringContaining(`every image of ${list} needs a digest`)]);
});

it('the policy lets in what is pinned, and then refuses a debug container that is not', async () => {
  const volumes = [
    { name: 'data', image: { reference: PINNED } },
    { name: 'scratch', emptyDir: {} },
  ];
  expect((await create('pinned', { containers: [{ name: 'app', image: PINNED }], volumes })).status).toBe(201);
  const path = `/api/v1/namespaces/${namespace}/pods/pinned`;
  const debug = async (image: string) => {
    const { body } = await call('GET', path);
    const pod = JSON.parse(JSON.stringify(body));
    pod.spec.ephemeralContainers = [{ name: 'debugger', image }];
    return await call('PUT', `${path}/ephemeralcontainers`, pod);
  };
  const refused = await debug('busybox:1');
  expect([refused.status, JSON.stringify(refused.body)]).toEqual([422, expect.stringContaining('ephemeralContainers needs a digest')]);
  expect((await debug(PINNED)).status).toBe(200);
});
