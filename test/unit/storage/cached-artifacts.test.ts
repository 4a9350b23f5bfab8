import { expect, it } from 'vitest';
import type { ArtifactStore } from '../../../lib/storage/index.ts';
import { cacheArtifacts } from '../../../lib/storage/index.ts';
import { artifact } from '../../contract/artifact-store.ts';

/** Counts what is read of it; knows no digest that begins with `missing`. */
function countingStore(): ArtifactStore & { readonly reads: string[] } {
  const reads: string[] = [];
  return {
    reads,
    put: async () => 'digest',
    async get(digest) {
      reads.push(digest);
      if (digest.startsWith('missing')) throw new Error(`${digest} is missing`);
      return artifact({ path: digest });
    },
    getInventory: async () => undefined,
    putInventory: async (_cluster, inventory) => inventory,
    getCheckpoint: async () => undefined,
    putCheckpoint: async () => undefined,
    putApiVersions: async () => '',
    getApiVersions: async () => [],
  };
}

it('reads an artifact once, and the least recently used again when there are too many', async () => {
  const store = countingStore();
  const cached = cacheArtifacts(store, 2);
  for (const digest of ['a', 'b', 'a', 'c', 'a', 'b']) expect((await cached.get(digest)).path).toBe(digest);
  expect(store.reads).toEqual(['a', 'b', 'c', 'b']);
});

it('asks again for one that could not be read', async () => {
  const store = countingStore();
  const cached = cacheArtifacts(store, 2);
  await expect(cached.get('missing')).rejects.toThrow('missing is missing');
  await expect(cached.get('missing')).rejects.toThrow('missing is missing');
  expect(store.reads).toEqual(['missing', 'missing']);
});
