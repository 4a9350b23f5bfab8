/**
 * Where Plumbline keeps things: three DynamoDB tables and a bucket. `stores.ts` says what the rest of the code may ask for, the other files
 * are its one implementation, on AWS.
 */
export { createArtifactStore } from './artifact-bucket.ts';
export { ArtifactError } from './artifact-error.ts';
export { cacheArtifacts } from './cached-artifacts.ts';
export { ClusterExistsError, ClusterNotFoundError, createClusterStore } from './cluster-table.ts';
export { createDataKeys } from './data-keys.ts';
export { createDocumentClient } from './document-client.ts';
export { createImageContentStore } from './image-content-table.ts';
export { createLeaseStore } from './lease-table.ts';
export { createLockStore } from './lock-table.ts';
export { createRecordStore } from './record-table.ts';
export { createStateStore } from './state-table.ts';
export type {
  ArtifactStore,
  ClusterStore,
  ImageContentStore,
  Intent,
  Inventory,
  InventoryObject,
  KnownTree,
  Lease,
  LeaseStore,
  LockStore,
  RecordQuery,
  RecordStore,
  RenderedTree,
  StateStore,
  TagHistoryStore,
} from './stores.ts';
export { createTagHistoryStore } from './tag-history-table.ts';
