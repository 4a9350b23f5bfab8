/**
 * kstatus' words. `current`: the cluster has done what the object asks for; `unknown`: nobody can tell, so never taken for healthy.
 */
export type HealthStatus = 'current' | 'in-progress' | 'failed' | 'terminating' | 'unknown';

/** What one look at an object says of its health. */
export interface HealthAssessment {
  readonly status: HealthStatus;
  /** A stable CamelCase word, from the object's own condition where it has one. */
  readonly reason: string;
  /** For people, without the object's name; bounded. */
  readonly message: string;
}

/** Messages of controllers can quote whole logs. */
const MAX_MESSAGE = 1000;

export const current = (reason: string, message: string): HealthAssessment => assessment('current', reason, message);
export const inProgress = (reason: string, message: string): HealthAssessment => assessment('in-progress', reason, message);
export const failed = (reason: string, message: string): HealthAssessment => assessment('failed', reason, message);
export const terminating = (reason: string, message: string): HealthAssessment => assessment('terminating', reason, message);
export const unknown = (reason: string, message: string): HealthAssessment => assessment('unknown', reason, message);

export function shorten(message: string): string {
  return message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE)}…` : message;
}

function assessment(status: HealthStatus, reason: string, message: string): HealthAssessment {
  return { status, reason, message: shorten(message) };
}
