import { expect, it } from 'vitest';
import { identityOf, recordObjectKey } from '../../../lib/records/identity.ts';

const file = (name: string) => ({ apiVersion: '', kind: 'File', namespace: '', name });
const DEEP = 'folder/'.repeat(580);

it.each(['', 'ä', '\u{1f600}'])('the keys of a record are no longer than the table takes, and tell files apart: %j', (letter) => {
  const [one, two] = ['1', '2'].map((end) => ({
    kind: 'rollout' as const,
    object: file(`${letter.repeat(2_000)}${DEEP}${end}`),
    class: 'manifest',
    changes: [],
  }));
  if (one === undefined || two === undefined) throw new Error('unreachable');
  for (const keyOf of [recordObjectKey, identityOf]) {
    expect(Buffer.byteLength(keyOf(one))).toBeLessThan(1_000);
    expect(keyOf(one)).not.toBe(keyOf(two));
  }
});

it('the key of an object is readable, and the same in every version of its API', () => {
  const object = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' };
  expect(recordObjectKey({ object })).toBe('apps/Deployment/shop/web');
  expect(recordObjectKey({ object: { ...object, apiVersion: 'apps/v1beta1' } })).toBe('apps/Deployment/shop/web');
});
