import { describe } from 'vitest';
import { artifactStoreContract } from '../../contract/artifact-store.ts';
import { leaseStoreContract } from '../../contract/lease-store.ts';
import { lockStoreContract } from '../../contract/lock-store.ts';
import { recordStoreContract } from '../../contract/record-store.ts';
import { stateStoreContract } from '../../contract/state-store.ts';
import {
  memoryArtifactStore,
  memoryLeaseStore,
  memoryLockStore,
  memoryRecordStore,
  memoryStateStore,
} from '../../helpers/memory-stores.ts';

// What is built on them is tested with them, so they must keep the promises that the real ones keep.
describe('leases in memory', () => leaseStoreContract(memoryLeaseStore));
const locks = memoryLockStore();
describe('image locks in memory', () => lockStoreContract(() => locks));
describe('states in memory', () => stateStoreContract(memoryStateStore));
describe('records in memory', () => recordStoreContract(memoryRecordStore));
describe('artifacts in memory', () => artifactStoreContract(memoryArtifactStore));
