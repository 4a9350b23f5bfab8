/** A tag is resolved once and keeps its digest until Git or a person says otherwise. */
export { type LockDependencies, lockImages } from './lock.ts';
export type { ImageException, ImagePolicy } from './policy.ts';
export { type RelockedBy, recordRelock } from './record-relock.ts';
export { RelockError, type Relocked, relockImage } from './relock.ts';
