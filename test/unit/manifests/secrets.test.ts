import { describe, expect, it } from 'vitest';
import { MASKED, maskSecrets } from '../../../lib/manifests/secrets.ts';

describe('masking Secrets', () => {
  it('masks data, stringData and the last-applied annotation, and keeps the keys', () => {
    const masked = maskSecrets({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        name: 's',
        annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{"data":{"a":"cGxhaW4="}}', team: 'shop' },
      },
      type: 'Opaque',
      data: { a: 'cGxhaW4=' },
      stringData: { b: 'plain' },
    });
    expect(masked).toEqual({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 's', annotations: { 'kubectl.kubernetes.io/last-applied-configuration': MASKED, team: 'shop' } },
      type: 'Opaque',
      data: { a: MASKED },
      stringData: { b: MASKED },
    });
  });

  it('masks data that is no map at all', () => {
    expect(maskSecrets({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, data: 'plain' }).data).toBe(MASKED);
  });

  it('leaves other kinds as they are', () => {
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 's' }, data: { a: 'x' } };
    expect(maskSecrets(object)).toBe(object);
  });
});
