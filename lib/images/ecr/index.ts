/** Private registries of Amazon ECR: their images, settings, and what AWS tells of both, in as few calls as its batches allow. */

export type { EcrClients } from './calls.ts';
export { createEcrDetails } from './details.ts';
export { createEcrRegistry, type EcrDependencies } from './ecr.ts';
export { enforceImmutability, type ImmutabilityChange, ImmutabilityError } from './enforce-immutability.ts';
export { type ChangedRepository, isInRepository, readImageAction } from './event.ts';
export { type EcrHost, ecrHostOf } from './host.ts';
export { describeTagSettings } from './mutability.ts';
export { recordImmutability } from './record-immutability.ts';
export { forgetSettings, type SettingsCache } from './settings.ts';
