import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Artifact } from '../../lib/source/artifact.ts';
import type { ArtifactStore, Intent, Inventory } from '../../lib/storage/index.ts';

const intent: Intent = {
  runId: 'run-1',
  at: '2027-01-01T00:00:00.000Z',
  id: '01M2TQ0000ZZZZZZZZZZZZZZZZ',
  revision: 'a'.repeat(40),
  fact: {
    kind: 'drift',
    object: { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'shop', name: 'web' },
    class: 'value',
    changes: [{ path: 'data.big', desired: 9_007_199_254_740_993n, live: [null, { a: 0.5 }] }],
    decision: 'corrected',
  },
};

export function artifact(fields: Partial<Artifact> = {}): Artifact {
  return {
    schemaVersion: 1,
    repository: 'https://git.example/shop',
    reference: 'main',
    revision: 'a'.repeat(40),
    path: 'apps',
    renderedAt: '2027-01-01T00:00:00.000Z',
    objects: [
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'web', namespace: 'shop' },
        data: { big: 'x' },
        spec: { n: 9_007_199_254_740_993n },
      },
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'db', namespace: 'shop' }, data: { password: 'aHVudGVyMi1odW50ZXIy' } },
    ],
    problems: [],
    digests: [],
    findings: [],
    blocked: {},
    ...fields,
  };
}

/** What every artifact store promises. */
export function artifactStoreContract(create: () => ArtifactStore): void {
  it('gives back an artifact with its Secrets and its long integers', async () => {
    const artifacts = create();
    const digest = await artifacts.put(artifact());
    expect(await artifacts.get(digest)).toEqual(artifact());
  });

  it('has one digest for the same content, whenever it was rendered and in whatever order keys were written', async () => {
    const artifacts = create();
    const first = await artifacts.put(artifact());
    const again = artifact({ renderedAt: '2027-02-02T00:00:00.000Z' });
    const { schemaVersion, objects, ...rest } = again;
    const reordered = { ...rest, objects, schemaVersion };
    expect(await artifacts.put(again)).toBe(first);
    expect(await artifacts.put(reordered)).toBe(first);
  });

  it('has another digest for other content', async () => {
    const artifacts = create();
    const [configMap, secret] = artifact().objects;
    if (configMap === undefined || secret === undefined) throw new Error('the fixture lost its objects');
    const digests = [
      await artifacts.put(artifact()),
      await artifacts.put(artifact({ objects: [secret, configMap] })),
      await artifacts.put(artifact({ objects: [configMap, { ...secret, data: { password: 'aHVudGVyMw==' } }] })),
    ];
    expect(new Set(digests).size).toBe(3);
  });

  it('takes no other object for a Secret, whatever its fields are called', async () => {
    const artifacts = create();
    const vault = { apiVersion: 'example.com/v1', kind: 'Vault', metadata: { name: 'db' }, encrypted: 'by somebody else' };
    const content = artifact({ objects: [...artifact().objects, vault] });
    expect(await artifacts.get(await artifacts.put(content))).toEqual(content);
  });

  it('says that an artifact is missing', async () => {
    await expect(create().get('0'.repeat(64))).rejects.toThrow(expect.objectContaining({ reason: 'ArtifactMissing' }));
  });

  it("keeps a cluster's inventory, the latest one", async () => {
    const artifacts = create();
    const cluster = `c-${randomUUID()}`;
    expect(await artifacts.getInventory(cluster)).toBeUndefined();
    const object = { group: 'apps', kind: 'Deployment', namespace: 'shop', name: 'web', apiVersion: 'apps/v1' };
    const first = await artifacts.putInventory(cluster, { clusterUid: 'c-1', objects: [object] });
    const last: Inventory = {
      clusterUid: 'c-1',
      objects: [
        { ...object, uid: 'uid-1', adopted: true, prune: 'confirmed', job: { hash: 'x', finished: true }, recreating: true },
        { ...object, name: 'gone', absent: { since: '2027-01-01T00:00:00.000Z', moved: true, orphaned: true } },
      ],
      source: 'https://git.example/shop apps',
      allowance: { expect: 12, left: 3 },
      intents: [intent],
      runs: [{ runId: 'run-1', at: '2027-01-01T00:00:00.000Z', id: 'id-2', revision: 'a'.repeat(40) }],
    };
    const { version } = first;
    const stored = await artifacts.putInventory(cluster, { ...last, ...(version === undefined ? {} : { version }) });
    expect(stored).toEqual({ ...last, version: expect.any(String) });
    expect(await artifacts.getInventory(cluster)).toEqual(stored);
  });

  it('stores no inventory in place of one that it was not made from', async () => {
    const artifacts = create();
    const cluster = `c-${randomUUID()}`;
    const moved = expect.objectContaining({ reason: 'InventoryMoved' });
    await expect(artifacts.putInventory(cluster, { clusterUid: 'c-1', objects: [], version: '"of-one-that-is-gone"' })).rejects.toThrow(
      moved,
    );
    const first = await artifacts.putInventory(cluster, { clusterUid: 'c-1', objects: [] });
    const second = await artifacts.putInventory(cluster, { ...first, source: 'https://git.example/shop apps' });

    await expect(artifacts.putInventory(cluster, { ...first, source: 'https://git.example/late apps' })).rejects.toThrow(moved);
    await expect(artifacts.putInventory(cluster, { clusterUid: 'c-1', objects: [] })).rejects.toThrow(moved);

    expect(await artifacts.getInventory(cluster)).toEqual(second);
  });

  it("keeps a cluster's checkpoint, the latest one", async () => {
    const artifacts = create();
    const cluster = `c-${randomUUID()}`;
    expect(await artifacts.getCheckpoint(cluster)).toBeUndefined();
    await artifacts.putCheckpoint(cluster, '{"format":1}');
    await artifacts.putCheckpoint(cluster, '{"format":2}');
    expect(await artifacts.getCheckpoint(cluster)).toBe('{"format":2}');
  });

  it('keeps the list of what a server serves, in order, under one digest', async () => {
    const artifacts = create();
    const digest = await artifacts.putApiVersions(['v1', 'apps/v1/Deployment', 'apps/v1']);
    expect(await artifacts.putApiVersions(['apps/v1', 'apps/v1/Deployment', 'v1'])).toBe(digest);
    expect(await artifacts.putApiVersions(['v1'])).not.toBe(digest);
    expect(await artifacts.getApiVersions(digest)).toEqual(['apps/v1', 'apps/v1/Deployment', 'v1']);
    await expect(artifacts.getApiVersions('0'.repeat(64))).rejects.toMatchObject({ reason: 'ArtifactMissing' });
  });
}
