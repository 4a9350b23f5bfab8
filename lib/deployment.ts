import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { S3Client } from '@aws-sdk/client-s3';
import { nameFaults, OUTERMOST, PATIENCE, PATIENCE_FOR_OBJECTS } from './aws-client.ts';
import type { Clock } from './clock.ts';
import type { Settings } from './config.ts';
import {
  type ArtifactStore,
  type ClusterStore,
  cacheArtifacts,
  createArtifactStore,
  createClusterStore,
  createDataKeys,
  createDocumentClient,
  createImageContentStore,
  createLeaseStore,
  createLockStore,
  createRecordStore,
  createStateStore,
  createTagHistoryStore,
  type ImageContentStore,
  type LeaseStore,
  type LockStore,
  type RecordStore,
  type StateStore,
  type TagHistoryStore,
} from './storage/index.ts';

/** The AWS clients that stores are made of, built once a process: region, endpoint and credentials come from the environment. */
export interface StoreClients {
  readonly dynamodb: DynamoDBClient;
  readonly s3: S3Client;
  readonly kms: KMSClient;
}

export function createStoreClients(): StoreClients {
  const dynamodb = new DynamoDBClient(PATIENCE);
  // Path style is what an emulator on localhost understands; AWS accepts it as well.
  const s3 = new S3Client({ ...PATIENCE_FOR_OBJECTS, forcePathStyle: true });
  const kms = new KMSClient(PATIENCE);
  dynamodb.middlewareStack.add(nameFaults, OUTERMOST);
  s3.middlewareStack.add(nameFaults, OUTERMOST);
  kms.middlewareStack.add(nameFaults, OUTERMOST);
  return { dynamodb, s3, kms };
}

/** Everything that a deployment keeps, ready to use; the functions and the command build the same. */
export interface Stores {
  readonly clusters: ClusterStore;
  readonly state: StateStore;
  readonly leases: LeaseStore;
  readonly locks: LockStore;
  readonly tagHistory: TagHistoryStore;
  readonly imageContents: ImageContentStore;
  readonly records: RecordStore;
  readonly artifacts: ArtifactStore;
}

/** A large one takes some megabytes. */
const ARTIFACTS_KEPT = 4;

export function createStores(settings: Settings, clients: StoreClients, clock: Clock): Stores {
  const documents = createDocumentClient(clients.dynamodb);
  const keys = createDataKeys(clients.kms, {
    artifactKey: settings.ARTIFACT_KEY,
    digestKey: settings.DIGEST_KEY,
    deployment: settings.DEPLOYMENT,
  });
  return {
    clusters: createClusterStore(documents, settings.CLUSTERS_TABLE),
    state: createStateStore(documents, settings.STATE_TABLE),
    leases: createLeaseStore(documents, settings.STATE_TABLE, clock),
    locks: createLockStore(documents, settings.STATE_TABLE),
    tagHistory: createTagHistoryStore(documents, settings.STATE_TABLE),
    imageContents: createImageContentStore(documents, settings.STATE_TABLE),
    records: createRecordStore(documents, {
      records: settings.RECORDS_TABLE,
      state: settings.STATE_TABLE,
      retentionDays: settings.RECORD_RETENTION_DAYS,
    }),
    artifacts: cacheArtifacts(createArtifactStore(clients.s3, settings.ARTIFACT_BUCKET, keys), ARTIFACTS_KEPT),
  };
}
