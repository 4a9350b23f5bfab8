import { rootCertificates } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { normalise } from '../../../lib/manifests/normalise.ts';
import { parseManifests } from '../../../lib/manifests/parse.ts';

function normaliseYaml(text: string) {
  return normalise(
    parseManifests(text).map((document) => {
      if (!('value' in document)) throw new Error(document.problem);
      return { where: `app.yaml:${document.line}`, value: document.value };
    }),
  );
}

describe('normalising', () => {
  it('strips what only the server writes, and nulls at any depth', () => {
    const { objects, problems } = normaliseYaml(`
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
  uid: abc
  resourceVersion: "12"
  generation: 3
  creationTimestamp: null
  managedFields: []
  annotations: null
  labels: {app: web}
  finalizers: [a.example/b]
spec:
  replicas: null
  template:
    metadata: {creationTimestamp: null}
    spec: {containers: [{name: app, image: "web:1", resources: null, command: [null, x]}]}
status: {replicas: 1}
`);
    expect(problems).toEqual([]);
    expect(objects).toEqual([
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'web', namespace: 'shop', labels: { app: 'web' }, finalizers: ['a.example/b'] },
        spec: { template: { metadata: {}, spec: { containers: [{ name: 'app', image: 'web:1', command: [null, 'x'] }] } } },
      },
    ]);
  });

  it('flattens Lists, nested and typed', () => {
    const { objects } = normaliseYaml(`
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: ConfigMapList
  items:
  - metadata: {name: a}
- {apiVersion: v1, kind: ConfigMap, metadata: {name: b}}
`);
    expect(objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual(['ConfigMap a', 'ConfigMap b']);
  });

  it('encodes stringData, which wins over data', () => {
    const { objects } = normaliseYaml(
      'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {a: YQ==, b: Yg==}\nstringData: {b: new, c: "é"}',
    );
    expect(objects).toEqual([{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, data: { a: 'YQ==', b: 'bmV3', c: 'w6k=' } }]);
  });

  it('defaults the protocol of ports of containers and Services', () => {
    const { objects } = normaliseYaml(`
{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {ports: [{port: 53}, {port: 53, protocol: UDP}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, ports: [{containerPort: 80}]}]}}
`);
    expect(objects.map((object) => object.spec)).toEqual([
      {
        ports: [
          { port: 53, protocol: 'TCP' },
          { port: 53, protocol: 'UDP' },
        ],
      },
      { containers: [{ name: 'c', ports: [{ containerPort: 80, protocol: 'TCP' }] }] },
    ]);
  });

  it('keeps a CRD caBundle that is a certificate', () => {
    const caBundle = Buffer.from(rootCertificates[0] ?? '').toString('base64');
    const conversion = { webhook: { clientConfig: { caBundle } } };
    const crd = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'x' }, spec: { conversion } };
    expect(normalise([{ where: 'x', value: crd }]).objects).toEqual([crd]);
  });

  it('drops the placeholder of a CRD caBundle and nothing else', () => {
    const { objects } = normaliseYaml(`
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: x.example.com}
spec: {group: example.com, conversion: {strategy: Webhook, webhook: {clientConfig: {caBundle: Cg==, url: "https://x"}}}}
`);
    expect(objects[0]?.spec).toEqual({
      group: 'example.com',
      conversion: { strategy: 'Webhook', webhook: { clientConfig: { url: 'https://x' } } },
    });
  });

  it('refuses both of two objects with one identity, whatever their API version, and says where the other is', () => {
    const { objects, problems } = normaliseYaml(`
{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}}
---
{apiVersion: apps/v1beta1, kind: Deployment, metadata: {name: web, namespace: shop}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: other}}
`);
    expect(objects.map(({ metadata }) => metadata.name)).toEqual(['a', 'web']);
    expect(problems).toMatchObject([
      { reason: 'DuplicateIdentity', where: 'app.yaml:4', message: expect.stringContaining('Deployment shop/web is also in app.yaml:6') },
      { reason: 'DuplicateIdentity', where: 'app.yaml:6', object: { group: 'apps', kind: 'Deployment', namespace: 'shop', name: 'web' } },
    ]);
  });

  const pod = (spec: string) => `{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: ${spec}}`;
  it.each([
    ['no apiVersion', 'kind: ConfigMap\nmetadata: {name: a}', 'NotAnObject', /apiVersion and kind/],
    ['a kind that no server has', `{apiVersion: v1, kind: ${'K'.repeat(64)}, metadata: {name: a}}`, 'NotAnObject', /apiVersion and kind/],
    ['an endless apiVersion', `{apiVersion: ${'a'.repeat(400)}/v1, kind: A, metadata: {name: a}}`, 'NotAnObject', /apiVersion and kind/],
    ['a list of strings', '[a, b]', 'NotAnObject', /apiVersion and kind/],
    ['a kind that would change the URL', '{apiVersion: v1, kind: "../x", metadata: {name: a}}', 'NotAnObject', /apiVersion and kind/],
    ['generateName', '{apiVersion: v1, kind: Pod, metadata: {generateName: a-}}', 'GenerateName', /metadata\.name/],
    ['no name', '{apiVersion: v1, kind: Pod}', 'InvalidName', /\(none\)/],
    ['a name with a slash', '{apiVersion: v1, kind: Pod, metadata: {name: a/b}}', 'InvalidName', /a\/b/],
    ['a namespace that is a number', '{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: 12}}', 'InvalidName', /12/],
    ['a label that is a boolean', '{apiVersion: v1, kind: Pod, metadata: {name: a, labels: {on: yes}}}', 'InvalidMetadata', /Quote it/],
    [
      'a Secret value that is a number',
      '{apiVersion: v1, kind: Secret, metadata: {name: a}, stringData: {pin: 1234}}',
      'InvalidSecret',
      /stringData\.pin/,
    ],
    ['two containers of one name', pod('{containers: [{name: a}, {name: a}]}'), 'DuplicateListKey', /containers has "a" twice/],
    [
      'two variables of one name',
      pod('{containers: [{name: a, env: [{name: X}, {name: X}]}]}'),
      'DuplicateListKey',
      /containers\[name=a\]\.env has "X"/,
    ],
    [
      'two ports of one number and protocol',
      pod('{initContainers: [{name: a, ports: [{containerPort: 1}, {containerPort: 1, protocol: TCP}]}]}'),
      'DuplicateListKey',
      /"1\/TCP"/,
    ],
    [
      'two mounts at one path',
      pod('{containers: [{name: a, volumeMounts: [{mountPath: /x}, {mountPath: /x}]}]}'),
      'DuplicateListKey',
      /"\/x"/,
    ],
    ['two volumes of one name', pod('{volumes: [{name: v}, {name: v}]}'), 'DuplicateListKey', /volumes has "v"/],
    [
      'two Service ports of one number',
      '{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {ports: [{port: 1}, {port: 1}]}}',
      'DuplicateListKey',
      /spec\.ports/,
    ],
  ])('refuses %s and goes on with the rest', (_case, text, reason, message) => {
    const { objects, problems } = normaliseYaml(`${text}\n---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: fine}}`);
    expect(problems).toMatchObject([{ where: 'app.yaml:1', reason, message: expect.stringMatching(message) }]);
    expect(objects.map(({ metadata }) => metadata.name)).toEqual(['fine']);
  });

  it('never repeats the value of a Secret in a problem', () => {
    const { problems } = normaliseYaml('{apiVersion: v1, kind: Secret, metadata: {name: a}, stringData: {pin: 73914}}');
    expect(JSON.stringify(problems)).not.toContain('73914');
  });
});
