/** What runs: the containers of a cluster against the locks of what they were made from. */
export {
  type AuditedCluster,
  auditPods,
  type PodAudit,
  type PodAuditDependencies,
} from './audit-pods.ts';
export { AuditLogError, isLogDelivery, readLogDelivery } from './exec-events.ts';
export { type AuditPods, createPodAuditor, type PodAuditor } from './pod-auditor.ts';
export { type ExecDependencies, recordExecs } from './record-execs.ts';
export { type ContainerTrace, TraceError, tracePod } from './trace.ts';
