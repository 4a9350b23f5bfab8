/**
 * Image immutability: references are parsed, tags are locked to digests at render (`lockImages`), and the locks are held against the
 * registries for as long as they are in use (`runAudit`).
 */
export { type AllowList, allowListOf, bottlerocketSettings, digestPolicy, NAMESPACE_LABEL } from './allow-list.ts';
export { type ArtifactInUse, type AuditDependencies, auditImages, type ClusterAudit } from './audit.ts';
export {
  type AuditedCluster,
  auditPods,
  type PodAudit,
  type PodAuditDependencies,
} from './audit-pods.ts';
export { auditedThrough } from './audit-role.ts';
export {
  AUTO_REROLL_INTERVAL_MS,
  CLUSTER_REROLL_INTERVAL_MS,
  type OptedInCluster,
  type RerollOutcome,
  rerollMismatch,
} from './auto-reroll.ts';
export { type ContentReader, createContentReader } from './content-reader.ts';
export { createEcrRegistry, type EcrDependencies } from './ecr.ts';
export type { EcrClients } from './ecr-calls.ts';
export { createEcrDetails } from './ecr-details.ts';
export { type ChangedRepository, isInRepository, readImageAction } from './ecr-event.ts';
export { type EcrHost, ecrHostOf } from './ecr-host.ts';
export { forgetSettings, type SettingsCache } from './ecr-settings.ts';
export { enforceImmutability, type ImmutabilityChange, ImmutabilityError } from './enforce-immutability.ts';
export { AuditLogError, isLogDelivery, readLogDelivery } from './exec-events.ts';
export { type FindingAct, type FindingPolicy, severityOf } from './finding-table.ts';
export { type GateDependencies, gateImages } from './gate.ts';
export type { DetailReader, ImageDetails } from './image-details.ts';
export { type LockDependencies, lockImages } from './lock.ts';
export { describeTagSettings } from './mutability.ts';
export { createOciRegistry } from './oci.ts';
export { createOciClient, type RegistryAccess } from './oci-client.ts';
export { createOciDetails } from './oci-details.ts';
export { createPace, type Pace } from './pace.ts';
export { type AuditPods, createPodAuditor, type PodAuditor } from './pod-auditor.ts';
export type { ImageException, ImagePolicy } from './policy.ts';
export { type ExecDependencies, recordExecs } from './record-execs.ts';
export { recordImmutability } from './record-immutability.ts';
export { type RelockedBy, recordRelock } from './record-relock.ts';
export { ImageReferenceError, parseImageReference, printableReference } from './reference.ts';
export { createDetails, createRegistries } from './registries.ts';
export type { ImageContents, ImageLookup, ImageRegistry, RepositorySettings, Resolution } from './registry.ts';
export { createRegistryAccess, RegistrySecretError, registrySecretName } from './registry-access.ts';
export { createRegistryHttp, type RegistryHttp } from './registry-http.ts';
export { registryRoleOf } from './registry-roles.ts';
export { RelockError, type Relocked, relockImage } from './relock.ts';
export { RerollError, type RerollTarget, rerollWorkload, restartThroughTemplate } from './reroll.ts';
export { type RolloutPlace, rolloutPlace } from './rollout-place.ts';
export { rolloutStop } from './rollout-stop.ts';
export { type AuditOutcome, type AuditScope, auditError, type RunAuditDependencies, runAudit } from './run-audit.ts';
export { type ContainerTrace, TraceError, tracePod } from './trace.ts';
export type { FindingId, ImageFinding, ImageLock, ImageReference, Platform, Severity } from './types.ts';
