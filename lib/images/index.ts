/**
 * Image immutability: references are parsed, tags are locked to digests at render (`lockImages`), and the locks are held against the
 * registries for as long as they are in use (`runAudit`).
 */
export { type AllowList, allowListOf, bottlerocketSettings, digestPolicy, NAMESPACE_LABEL } from './allow-list.ts';
export { type ArtifactInUse, type AuditDependencies, auditImages, type ClusterAudit } from './audit.ts';
export { auditedThrough } from './audit-role.ts';
export {
  type ChangedRepository,
  createEcrDetails,
  createEcrRegistry,
  describeTagSettings,
  type EcrClients,
  type EcrDependencies,
  type EcrHost,
  ecrHostOf,
  enforceImmutability,
  forgetSettings,
  type ImmutabilityChange,
  ImmutabilityError,
  isInRepository,
  readImageAction,
  recordImmutability,
  type SettingsCache,
} from './ecr/index.ts';
export { type FindingAct, type FindingPolicy, severityOf } from './finding-table.ts';
export { type GateDependencies, gateImages, type RolloutPlace, rolloutPlace, rolloutStop } from './gate/index.ts';
export {
  type ImageException,
  type ImagePolicy,
  type LockDependencies,
  lockImages,
  RelockError,
  type Relocked,
  type RelockedBy,
  recordRelock,
  relockImage,
} from './locks/index.ts';
export {
  createOciClient,
  createOciDetails,
  createOciRegistry,
  createRegistryAccess,
  createRegistryHttp,
  type RegistryAccess,
  type RegistryHttp,
  RegistrySecretError,
  registrySecretName,
} from './oci/index.ts';
export {
  type AuditedCluster,
  AuditLogError,
  type AuditPods,
  auditPods,
  type ContainerTrace,
  createPodAuditor,
  type ExecDependencies,
  isLogDelivery,
  type PodAudit,
  type PodAuditDependencies,
  type PodAuditor,
  readLogDelivery,
  recordExecs,
  TraceError,
  tracePod,
} from './pods/index.ts';
export { ImageReferenceError, parseImageReference, printableReference } from './reference.ts';
export {
  type ContentReader,
  createContentReader,
  createDetails,
  createPace,
  createRegistries,
  type DetailReader,
  type ImageContents,
  type ImageDetails,
  type ImageLookup,
  type ImageRegistry,
  type Pace,
  type RepositorySettings,
  type Resolution,
  registryRoleOf,
} from './registry/index.ts';
export {
  AUTO_REROLL_INTERVAL_MS,
  CLUSTER_REROLL_INTERVAL_MS,
  type OptedInCluster,
  RerollError,
  type RerollOutcome,
  type RerollTarget,
  rerollMismatch,
  rerollWorkload,
  restartThroughTemplate,
} from './reroll/index.ts';
export { type AuditOutcome, type AuditScope, auditError, type RunAuditDependencies, runAudit } from './run-audit.ts';
export type { FindingId, ImageFinding, ImageLock, ImageReference, Platform, Severity } from './types.ts';
