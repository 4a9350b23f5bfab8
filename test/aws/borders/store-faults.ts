import { DYNAMODB_FAULTS } from './dynamodb-faults.ts';
import { S3_FAULTS } from './s3-faults.ts';
import { SECRET_FAULTS } from './secret-faults.ts';
import type { StoreFault } from './store-fault.ts';

/** Everything that AWS does to what is stored of one cluster. */
export const STORE_FAULTS: readonly StoreFault[] = [...DYNAMODB_FAULTS, ...S3_FAULTS, ...SECRET_FAULTS];
