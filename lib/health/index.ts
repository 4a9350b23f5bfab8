/**
 * Health: whether what was written works. From one object to what its status says of it (kstatus' rules, known groups, and expressions of
 * `plumbline.yaml`), from the pods of a workload to why it does not come up, and from look to look to what a rollout's record says.
 *
 * Reading is in two places: `followObjects`, which a run calls, and `readPodReason`. All else is pure.
 */
export { assessHealth } from './assess.ts';
export type { HealthAssessment, HealthStatus } from './assessment.ts';
export {
  type FollowUp,
  followUp,
  type HealthVerdict,
  type RecordHealth,
  startFollowing,
} from './follow.ts';
export { type FollowDependencies, type FollowedResult, followObjects } from './follow-objects.ts';
export { assessRemovedJob } from './pod-and-job-rules.ts';
export type { PodReason } from './pod-reason.ts';
export type { FollowedObject, FollowReading } from './read-followed.ts';
export { type HealthPolicy, type HealthRules, type HealthSettings, healthPolicy } from './rules.ts';
export { readPodReason } from './workload-pods.ts';
