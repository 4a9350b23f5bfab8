import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type Basis, type Checkpoint, decodeCheckpoint, encodeCheckpoint } from '../../../../lib/reconcile/surface/checkpoint.ts';
import { shortHash } from '../../../../lib/reconcile/surface/object-facts.ts';

const BASIS: Basis = {
  clusterUid: '7d1e0b1c-5a5c-4d5e-9a43-0d8b6f1f8c11',
  owner: 'test.prod',
  fieldManager: 'plumbline-test-prod',
  settings: 'settings',
  strict: true,
};
const entry = { uid: 'u-1', generation: 2, fields: 'hash', epoch: 'epoch-a', verifiedAt: 1_795_600_000 };
const CHECKPOINT: Checkpoint = {
  basis: BASIS,
  versions: new Map([['/api/v1/configmaps', '4711']]),
  entries: new Map([
    ['/ConfigMap/shop/settings', entry],
    ['apps/Deployment/shop/web', { ...entry, uid: 'u-2', epoch: 'epoch-b', generation: 0 }],
    ['/ConfigMap/shop/__proto__', entry],
  ]),
};
const TEXT = encodeCheckpoint(CHECKPOINT);
const changed = (fields: object) => JSON.stringify({ ...JSON.parse(TEXT), ...fields });

describe('a checkpoint', () => {
  it('is read as it was written', () => {
    expect(decodeCheckpoint(TEXT, BASIS)).toEqual(CHECKPOINT);
  });

  it('takes about a hundred bytes an object', () => {
    const uid = (index: number) => `${shortHash([index])}-${shortHash([index, 1])}`.slice(0, 36);
    const entries = Array.from({ length: 1000 }, (_, index) => {
      const key = `apps/Deployment/team-${index % 10}/app-${index}`;
      return [key, { ...entry, uid: uid(index), fields: shortHash([key]) }] as const;
    });
    expect(gzipSync(encodeCheckpoint({ ...CHECKPOINT, entries: new Map(entries) })).length / 1000).toBeLessThan(100);
  });

  it.each<[string, string | undefined]>([
    ['is missing', undefined],
    ['is empty', ''],
    ['is no JSON', '{"format":1,'],
    ['is another value', '"checkpoint"'],
    ['is null', 'null'],
    ['has another format', changed({ format: 2 })],
    ['has a field that is not known', changed({ signature: 'x' })],
    ['lacks one', changed({ epochs: undefined })],
    ['has objects of another shape', changed({ objects: [['/ConfigMap/shop/settings', 'u-1']] })],
    ['has numbers that are none', changed({ objects: [['k', 'u-1', '2', 'hash', 0, 1]] })],
    ['has a negative generation', changed({ objects: [['k', 'u-1', -1, 'hash', 0, 1]] })],
    ['is nested without end', `${'['.repeat(100_000)}`],
  ])('that %s vouches for nothing', (_what, text) => {
    expect(decodeCheckpoint(text, BASIS)).toBeUndefined();
  });

  it.each<[string, Partial<Basis>]>([
    ['another cluster', { clusterUid: 'other' }],
    ['another row', { owner: 'test.staging' }],
    ['another manager', { fieldManager: 'plumbline-other-prod' }],
    ['other settings', { settings: 'others' }],
  ])('of %s vouches for nothing', (_what, basis) => {
    expect(decodeCheckpoint(TEXT, { ...BASIS, ...basis })).toBeUndefined();
  });

  it('of a run that looked at ownership too holds where that is not looked at, and not the other way round', () => {
    const loose = encodeCheckpoint({ ...CHECKPOINT, basis: { ...BASIS, strict: false } });
    expect(decodeCheckpoint(TEXT, { ...BASIS, strict: false })?.entries.size).toBe(3);
    expect(decodeCheckpoint(loose, BASIS)).toBeUndefined();
    expect(decodeCheckpoint(loose, { ...BASIS, strict: false })?.entries.size).toBe(3);
  });

  it('that names an epoch it does not have is verified first', () => {
    const text = changed({ objects: [['k', 'u-1', 1, 'hash', 99, 1]] });
    expect(decodeCheckpoint(text, BASIS)?.entries.get('k')).toMatchObject({ epoch: '' });
  });
});
