import { rootCertificates } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { parseEndpoint } from '../../../lib/kubernetes/endpoint.ts';
import { objectPath } from '../../../lib/kubernetes/paths.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const bundle = base64(rootCertificates.slice(0, 2).join('\n'));

describe('parseEndpoint', () => {
  it('takes a bundle apart and keeps the path', () => {
    const endpoint = parseEndpoint('https://rancher.example.com/k8s/clusters/c-1/', bundle);
    expect(endpoint).toMatchObject({ origin: 'https://rancher.example.com', basePath: '/k8s/clusters/c-1' });
    expect(endpoint.authorities).toHaveLength(2);
  });

  it.each([
    'http://10.0.0.1:6443',
    'https://user:hunter2@10.0.0.1',
    'https://10.0.0.1/?token=hunter2',
    'https://10.0.0.1/#hunter2',
    'not a url, hunter2',
  ])('refuses %s without quoting what may be secret', (text) => {
    expect(() => parseEndpoint(text, bundle)).toThrow(/Accepted is https/);
    expect(() => parseEndpoint(text, bundle)).not.toThrow(/hunter2/);
  });

  it.each([
    ['nothing, which TLS would read as the system’s authorities', ''],
    ['the PEM itself', rootCertificates[0] ?? ''],
    ['a damaged certificate', base64('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----')],
    ['a megabyte', 'A'.repeat(1024 * 1024)],
  ])('refuses a CA that is %s', (_name, authority) => {
    expect(() => parseEndpoint('https://10.0.0.1', authority)).toThrow(expect.objectContaining({ reason: 'InvalidCertificateAuthority' }));
  });
});

describe('objectPath', () => {
  const role = { group: 'rbac.authorization.k8s.io', version: 'v1', kind: 'Role', plural: 'roles', namespaced: true, verbs: [] };

  it('encodes what names may hold', () => {
    expect(objectPath(role, { namespace: 'shop', name: 'system:web' })).toBe(
      '/apis/rbac.authorization.k8s.io/v1/namespaces/shop/roles/system%3Aweb',
    );
  });

  it.each(['', '.', '..', 'a/b', '../../secrets', 'a%2fb'])('refuses %j, which would be another path', (name) => {
    expect(() => objectPath(role, { namespace: 'shop', name })).toThrow(expect.objectContaining({ reason: 'Invalid' }));
    expect(() => objectPath(role, { namespace: name, name: 'web' })).toThrow(expect.objectContaining({ reason: 'Invalid' }));
  });
});
