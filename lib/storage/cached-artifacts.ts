import type { Artifact } from '../source/artifact.ts';
import type { ArtifactStore } from './stores.ts';

/**
 * Keeps the artifacts that were read last. What has a digest never changes, and reading costs two calls to KMS: for a cluster that is
 * reconciled each minute they would cost more than everything else together.
 */
export function cacheArtifacts(store: ArtifactStore, size: number): ArtifactStore {
  const kept = new Map<string, Artifact>();
  return {
    ...store,
    async get(digest, signal) {
      const artifact = kept.get(digest) ?? (await store.get(digest, signal));
      kept.delete(digest);
      kept.set(digest, artifact);
      const [oldest] = kept.keys();
      if (kept.size > size && oldest !== undefined) kept.delete(oldest);
      return artifact;
    },
  };
}
