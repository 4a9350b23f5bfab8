import type { ClusterEntry, ClusterState } from '../fleet/cluster.ts';
import type { RecordHealth } from '../health/follow.ts';
import type { KnownImage } from '../images/pods/verdict.ts';
import type { ImageConfig } from '../images/registry/image-config.ts';
import type { ImageLock } from '../images/types.ts';
import type { ObjectId } from '../manifests/object.ts';
import type { Fact } from '../records/fact.ts';
import type { ObjectRecord, PlumblineRecord, RecordKind } from '../records/record.ts';
import type { Artifact } from '../source/artifact.ts';

/** The clusters table: what people ask for. A row that does not parse comes back as `invalid`. */
export interface ClusterStore {
  list(signal?: AbortSignal): Promise<readonly ClusterEntry[]>;
  get(cluster: string, signal?: AbortSignal): Promise<ClusterEntry | undefined>;
  /** `item` is the flat row as the table holds it; refuses to overwrite unless `replace`. */
  put(item: Readonly<Record<string, string | number>>, options: { readonly replace: boolean }): Promise<void>;
  /** Sets and removes single attributes of an existing row. */
  update(cluster: string, set: Readonly<Record<string, string | number>>, remove: readonly string[]): Promise<void>;
  delete(cluster: string): Promise<void>;
}

/** What is known of clusters. `update` merges; a field given as `null` is removed. */
export interface StateStore {
  list(signal?: AbortSignal): Promise<readonly ClusterState[]>;
  get(cluster: string, signal?: AbortSignal): Promise<ClusterState | undefined>;
  update(cluster: string, patch: { readonly [K in keyof ClusterState]?: ClusterState[K] | null }): Promise<void>;
  /** Pins the uid of the cluster behind a row, once; returns the uid that is pinned. */
  pinClusterUid(cluster: string, uid: string): Promise<string>;
  delete(cluster: string): Promise<void>;
}

/** A lease on a cluster's uid. `fence` grows with every acquisition. */
export interface Lease {
  readonly clusterUid: string;
  readonly owner: string;
  readonly fence: number;
  readonly expiresAt: string;
}

export interface LeaseStore {
  /** Returns undefined when another owner holds it; asked again, its own owner has it from now on. */
  acquire(clusterUid: string, owner: string, seconds: number): Promise<Lease | undefined>;
  /** Throws nothing when the lease was lost meanwhile. */
  release(lease: Lease): Promise<void>;
}

/** One object that a cluster row has applied, or has seen equal to Git. */
export interface InventoryObject extends ObjectId {
  readonly apiVersion: string;
  readonly uid?: string;
  /**
   * Digest of the artifact whose version of this object the cluster last held in full: what tells a drift from a rollout, object by
   * object, so that one that cannot be applied does not blur the others. Absent: never.
   */
  readonly artifact?: string;
  /** It was there before this row first wrote it. */
  readonly adopted?: true;
  /** What the version that was applied last asks for when it leaves Git. */
  readonly prune?: 'confirmed' | 'enabled' | 'disabled';
  /** It is deleted to be created again: until then it is missing by our own hand. */
  readonly recreating?: true;
  /** It is not in Git any more. */
  readonly absent?: AbsentFromGit;
  /** Of a Job: a hash of what it was created from, and whether it was seen at its end. */
  readonly job?: { readonly hash: string; readonly finished?: true };
  /** It was written and is not healthy yet. */
  readonly followed?: Followed;
}

/** What the next run has to know of the health of an object. */
export interface Followed extends RecordHealth {
  /** At which it was looked at last. */
  readonly resourceVersion?: string;
}

export interface AbsentFromGit {
  /** ISO 8601: when a run first saw so. */
  readonly since: string;
  /** The row named another repository or path in the run that saw so first. */
  readonly moved?: true;
  /** It stays in the cluster, which has been recorded. */
  readonly orphaned?: true;
}

/** What a run was about to do to an object, to be recorded by the next run if it is cut off. Redacted. */
export interface Intent {
  readonly runId: string;
  /** ISO 8601: when the run began. */
  readonly at: string;
  /** The id that the record has, whoever opens it. */
  readonly id: string;
  readonly revision: string;
  readonly fact: Fact;
}

/** A run that was about to write: its record, should it be cut off before that is stored. */
export type RunIntent = Omit<Intent, 'fact'>;

/** The objects that a cluster row has applied, written before the first write of a run. */
export interface Inventory {
  /** uid of the cluster that they are in. */
  readonly clusterUid: string;
  readonly objects: readonly InventoryObject[];
  /** Repository and path that the objects came from. */
  readonly source?: string;
  /** What is left of `prune.expect`, which holds once. */
  readonly allowance?: { readonly expect: number; readonly left: number };
  /** Written before the first write of a run, and cleared once its records are stored. */
  readonly intents?: readonly Intent[];
  /** The runs that wrote them down, and have no record yet as far as is known here. */
  readonly runs?: readonly RunIntent[];
  /** Of what is stored, as the store names it; absent where nothing is. Whoever changes the inventory keeps it. */
  readonly version?: string;
}

/** Content-addressed artifacts and other blobs of a cluster, in S3. Secrets in them are envelope-encrypted; digests are keyed. */
export interface ArtifactStore {
  /** Returns the artifact's digest; publishing the same content again writes nothing. */
  put(artifact: Artifact): Promise<string>;
  /** Throws `ArtifactError` when it is gone or does not match its digest. */
  get(digest: string, signal?: AbortSignal): Promise<Artifact>;
  getInventory(cluster: string, signal?: AbortSignal): Promise<Inventory | undefined>;
  /**
   * Stores it in place of its `version`, and resolves to it with the version that it has now. Throws `ArtifactError` with reason
   * `InventoryMoved` when something else is stored: a run that lost its lease must not set back what the next one knows.
   */
  putInventory(cluster: string, inventory: Inventory): Promise<Inventory>;
  /** What is remembered of a cluster to spare work, as it was put; undefined when there is none, and when what is there is damaged. */
  getCheckpoint(cluster: string, signal?: AbortSignal): Promise<string | undefined>;
  putCheckpoint(cluster: string, text: string): Promise<void>;
  /** Stores what a server serves, `apps/v1` and `apps/v1/Deployment`, and returns its digest; the same list has one, in whatever order. */
  putApiVersions(apiVersions: readonly string[]): Promise<string>;
  /** In order. Throws `ArtifactError` when it is gone. */
  getApiVersions(digest: string, signal?: AbortSignal): Promise<readonly string[]>;
}

/** What a commit is at a path, before any digest. */
export interface RenderedTree {
  /** Branch, tag or commit id as the row asks for it. */
  readonly reference: string;
  readonly path: string;
  readonly revision: string;
  /** A hash, which commits that are the same there share. */
  readonly tree: string;
}

/** The current locks of a repository, and what is known of a tree. Relocks of the repository are counted, so that their number is a point in time. */
export interface KnownTree {
  readonly locks: readonly ImageLock[];
  readonly relocks: number;
  /** As of how many relocks this commit was locked at this path, on whatever branch. */
  readonly ofCommit?: number;
  /** As of how many the last commit with this tree at this path was. */
  readonly ofTree?: number;
  /** The tree that was locked last for this reference and path. */
  readonly head?: string;
}

/** Image locks: `{source repository, reference} → digest`, written once, and again only by a person's relock. */
export interface LockStore {
  /** The current generation of each. */
  list(repository: string, signal?: AbortSignal): Promise<readonly ImageLock[]>;
  /** Conditional: returns the lock that holds, which is an earlier one if there was one. */
  putIfAbsent(repository: string, lock: ImageLock): Promise<ImageLock>;
  /**
   * Makes `lock` the current one in place of `replaced`, which stays as an earlier generation, and counts it. Resolves to what is stored;
   * undefined when another one is current.
   */
  relock(repository: string, lock: ImageLock, replaced: ImageLock): Promise<ImageLock | undefined>;
  /** An earlier generation of a lock. */
  generation(repository: string, reference: string, generation: number, signal?: AbortSignal): Promise<ImageLock | undefined>;
  /** One read, since each commit asks for it. */
  readTree(repository: string, tree: RenderedTree, signal?: AbortSignal): Promise<KnownTree>;
  /**
   * Keeps as of how many relocks a commit is locked. Resolves to what holds: what another run said of the same commit first. What is in
   * `known` already is not written again.
   */
  putTree(repository: string, tree: RenderedTree, relocks: number, known: KnownTree): Promise<number>;
}

/** What a digest names, as far as it was read; of a single image how it was built. */
export interface StoredImage extends KnownImage {
  readonly build?: Omit<ImageConfig, 'platform'>;
}

/** Contents of images by digest, for ever: the bytes that a digest names do not change. */
export interface ImageContentStore {
  get(digests: readonly string[], signal?: AbortSignal): Promise<ReadonlyMap<string, StoredImage>>;
  put(images: readonly StoredImage[]): Promise<void>;
}

/** Which digest a tag named, and since when (ISO 8601) it was seen there. */
export interface TagSighting {
  readonly digest: string;
  readonly seenAt: string;
}

/** Our own tag → digest history, since a tag can be deleted and pushed again even where it is immutable. */
export interface TagHistoryStore {
  /** The digest last seen for each of these references, and the one before it, if it was another. */
  last(references: readonly string[]): Promise<ReadonlyMap<string, TagSighting & { readonly previous?: TagSighting }>>;
  append(reference: string, digest: string, seenAt: string): Promise<void>;
}

export interface RecordQuery {
  readonly cluster?: string;
  readonly kind?: RecordKind;
  /** ISO 8601. */
  readonly since?: string;
  readonly open?: boolean;
  readonly limit?: number;
}

/** The records table, and the conditional items in `state` that point at open records. */
export interface RecordStore {
  put(record: PlumblineRecord): Promise<void>;
  /** False when there is a record of that id, which stays as it is. */
  putIfAbsent(record: PlumblineRecord): Promise<boolean>;
  /** Newest first. */
  query(query: RecordQuery, signal?: AbortSignal): Promise<readonly PlumblineRecord[]>;
  listOpen(cluster: string, signal?: AbortSignal): Promise<readonly ObjectRecord[]>;
  /** Opens, updates or closes in `state` and writes the record: `false` when another run opened the same one first. */
  transition(record: ObjectRecord): Promise<boolean>;
}
