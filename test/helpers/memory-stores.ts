import { createHash, randomUUID } from 'node:crypto';
import type { Clock } from '../../lib/clock.ts';
import { PlumblineError } from '../../lib/errors.ts';
import type { ClusterState } from '../../lib/fleet/cluster.ts';
import type { ImageLock } from '../../lib/images/types.ts';
import { parseJson, stringifyJson } from '../../lib/manifests/json.ts';
import { identityOf } from '../../lib/records/identity.ts';
import type { ObjectRecord, PlumblineRecord } from '../../lib/records/record.ts';
import type { Artifact } from '../../lib/source/artifact.ts';
import { digestOfApiVersions } from '../../lib/storage/api-versions.ts';
import { inventoryMoved } from '../../lib/storage/artifact-error.ts';
import { canonicalise } from '../../lib/storage/canonical-json.ts';
import type {
  ArtifactStore,
  Inventory,
  Lease,
  LeaseStore,
  LockStore,
  RecordQuery,
  RecordStore,
  RenderedTree,
  StateStore,
} from '../../lib/storage/stores.ts';

/**
 * The stores in memory, for tests of what is built on them. They keep the promises of `lib/storage/stores.ts`, which one contract suite asks
 * of them and of the real ones.
 */
export interface MemoryStores {
  readonly state: StateStore;
  readonly leases: LeaseStore;
  readonly artifacts: ArtifactStore;
  readonly records: RecordStore;
}

export function memoryStores(clock: Clock): MemoryStores {
  return { state: memoryStateStore(), leases: memoryLeaseStore(clock), artifacts: memoryArtifactStore(), records: memoryRecordStore() };
}

export function memoryStateStore(): StateStore {
  const states = new Map<string, ClusterState>();
  return {
    list: async () => [...states.values()],
    get: async (cluster) => states.get(cluster),
    update: async (cluster, { cluster: _name, ...patch }) => {
      const changed = Object.entries({ ...states.get(cluster), ...patch }).filter(([, value]) => value !== null && value !== undefined);
      states.set(cluster, { ...Object.fromEntries(changed), cluster });
    },
    pinClusterUid: async (cluster, uid) => {
      const state = states.get(cluster) ?? { cluster };
      const clusterUid = state.clusterUid ?? uid;
      states.set(cluster, { ...state, clusterUid });
      return clusterUid;
    },
    delete: async (cluster) => {
      states.delete(cluster);
    },
  };
}

export function memoryLeaseStore(clock: Clock): LeaseStore {
  const leases = new Map<string, Lease>();
  const fences = new Map<string, number>();
  return {
    acquire: async (clusterUid, owner, seconds) => {
      const now = clock.now();
      const held = leases.get(clusterUid);
      if (held !== undefined && held.owner !== owner && Date.parse(held.expiresAt) > now.getTime()) return undefined;
      const fence = (fences.get(clusterUid) ?? 0) + 1;
      fences.set(clusterUid, fence);
      const lease = { clusterUid, owner, fence, expiresAt: new Date(now.getTime() + seconds * 1000).toISOString() };
      leases.set(clusterUid, lease);
      return lease;
    },
    release: async (lease) => {
      if (leases.get(lease.clusterUid)?.fence === lease.fence) leases.delete(lease.clusterUid);
    },
  };
}

export function memoryLockStore(): LockStore {
  const current = new Map<string, ImageLock>();
  const earlier = new Map<string, ImageLock>();
  const counts = new Map<string, number>();
  const heads = new Map<string, string>();
  const list = async (repository: string) => [...current].flatMap(([key, lock]) => (key.startsWith(`${repository} `) ? [lock] : []));
  const keysOf = (repository: string, { reference, path, revision, tree }: RenderedTree) => ({
    commit: `${repository} commit ${revision} ${path}`,
    tree: `${repository} tree ${tree} ${path}`,
    head: `${repository} ${reference} ${path}`,
  });
  return {
    list,
    putIfAbsent: async (repository, lock) => {
      const key = `${repository} ${lock.reference}`;
      const held = current.get(key) ?? lock;
      current.set(key, held);
      return held;
    },
    relock: async (repository, lock, replaced) => {
      const key = `${repository} ${lock.reference}`;
      if (current.get(key)?.generation !== replaced.generation) return undefined;
      const relock = (counts.get(repository) ?? 0) + 1;
      counts.set(repository, relock);
      earlier.set(`${key} ${replaced.generation}`, replaced);
      current.set(key, { ...lock, relock });
      return { ...lock, relock };
    },
    generation: async (repository, reference, generation) => earlier.get(`${repository} ${reference} ${generation}`),
    readTree: async (repository, tree) => {
      const keys = keysOf(repository, tree);
      const [ofCommit, ofTree, head] = [counts.get(keys.commit), counts.get(keys.tree), heads.get(keys.head)];
      return {
        locks: await list(repository),
        relocks: counts.get(repository) ?? 0,
        ...(ofCommit === undefined ? {} : { ofCommit }),
        ...(ofTree === undefined ? {} : { ofTree }),
        ...(head === undefined ? {} : { head }),
      };
    },
    putTree: async (repository, tree, relocks, known) => {
      const keys = keysOf(repository, tree);
      const held = counts.get(keys.commit) ?? relocks;
      if (known.ofCommit === undefined || known.ofTree === undefined) counts.set(keys.tree, held);
      counts.set(keys.commit, held);
      heads.set(keys.head, tree.tree);
      return held;
    },
  };
}

export function memoryArtifactStore(): ArtifactStore {
  const artifacts = new Map<string, Artifact>();
  const inventories = new Map<string, Inventory>();
  const checkpoints = new Map<string, string>();
  const apiLists = new Map<string, readonly string[]>();
  return {
    put: async (artifact) => {
      const { renderedAt: _when, ...content } = artifact;
      const digest = createHash('sha256')
        .update(stringifyJson(canonicalise(parseJson(stringifyJson(content)))))
        .digest('hex');
      if (!artifacts.has(digest)) artifacts.set(digest, artifact);
      return digest;
    },
    get: async (digest) => {
      const artifact = artifacts.get(digest);
      if (artifact === undefined) throw new PlumblineError('ArtifactMissing', `artifact ${digest}: it is gone`);
      return artifact;
    },
    getInventory: async (cluster) => inventories.get(cluster),
    putInventory: async (cluster, { version, ...inventory }) => {
      if (inventories.get(cluster)?.version !== version) throw inventoryMoved(cluster);
      const stored = { ...inventory, version: randomUUID() };
      inventories.set(cluster, stored);
      return stored;
    },
    getCheckpoint: async (cluster) => checkpoints.get(cluster),
    putCheckpoint: async (cluster, text) => {
      checkpoints.set(cluster, text);
    },
    putApiVersions: async (apiVersions) => {
      const digest = digestOfApiVersions(apiVersions);
      apiLists.set(digest, apiVersions.toSorted());
      return digest;
    },
    getApiVersions: async (digest) => {
      const apiVersions = apiLists.get(digest);
      if (apiVersions === undefined) throw new PlumblineError('ArtifactMissing', `API list ${digest}: it is gone`);
      return apiVersions;
    },
  };
}

export function memoryRecordStore(): RecordStore {
  const records = new Map<string, PlumblineRecord>();
  const open = new Map<string, ObjectRecord>();
  const openKey = (record: ObjectRecord) => `${record.cluster} ${identityOf(record)}`;
  return {
    put: async (record) => {
      records.set(record.id, record);
    },
    putIfAbsent: async (record) => {
      if (records.has(record.id)) return false;
      records.set(record.id, record);
      return true;
    },
    query: async (query) =>
      [...records.values()]
        .filter((record) => matches(record, query))
        .toSorted(newestFirst)
        .slice(0, query.limit),
    listOpen: async (cluster) => [...open.values()].filter((record) => record.cluster === cluster),
    transition: async (record) => {
      const known = open.get(openKey(record));
      if (known !== undefined && known.id !== record.id) return false;
      const stored = records.get(record.id);
      if (stored !== undefined && (stored.sequence >= record.sequence || ('resolvedAt' in stored && stored.resolvedAt !== undefined)))
        return false;
      if (record.resolvedAt === undefined) open.set(openKey(record), record);
      else open.delete(openKey(record));
      records.set(record.id, record);
      return true;
    },
  };
}

function matches(record: PlumblineRecord, { cluster, kind, since, open }: RecordQuery): boolean {
  const isOpen = record.kind !== 'run' && record.resolvedAt === undefined;
  return (
    (cluster === undefined || record.cluster === cluster) &&
    (kind === undefined || record.kind === kind) &&
    (since === undefined || record.at >= since) &&
    (open === undefined || isOpen === open)
  );
}

function newestFirst(a: PlumblineRecord, b: PlumblineRecord): number {
  return a.id < b.id ? 1 : -1;
}
