import type { Failure } from '../errors.ts';
import type { JsonValue } from '../manifests/json.ts';

export const RECORD_KINDS = ['drift', 'rollout', 'prune', 'image', 'rollback', 'run'] as const;
export type RecordKind = (typeof RECORD_KINDS)[number];

export const DECISIONS = [
  'applied',
  'corrected',
  'observed',
  'held',
  'tolerated',
  'backed-off',
  'suspended',
  'blocked',
  'refused',
  'reported',
  'failed',
] as const;
export type Decision = (typeof DECISIONS)[number];

/**
 * What a log line says happened to the record just now. `changed`: it stays open, and its paths, decision or error are others than they were.
 */
export const RECORD_EVENTS = ['opened', 'changed', 'held', 'corrected', 'verified', 'resolved', 'failed'] as const;
export type RecordEvent = (typeof RECORD_EVENTS)[number];

/** The class of a drift record; an image record has a finding id here, a run record its outcome. */
export type DriftClass =
  | 'missing'
  | 'namespace-deleted'
  | 'value'
  | 'item'
  | 'list-order'
  | 'metadata'
  | 'foreign-field'
  | 'irremovable-field'
  | 'controller-field'
  | 'unclassified-field'
  | 'ownership'
  | 'recreated'
  | 'terminating'
  | 'unverifiable'
  | 'contested'
  | 'irreversible'
  | 'annotation';

/** One path that differs. Values of Secrets are never here: both sides read `(redacted)`. Absent sides are left out. */
export interface FieldChange {
  /** `spec.template.spec.containers[name=app].image` */
  readonly path: string;
  readonly desired?: JsonValue;
  readonly live?: JsonValue;
}

/** Who changed it, as far as managed fields tell. `manager: 'unknown'` of a removed field or object: nothing is left to tell it. */
export interface Actor {
  readonly manager: string;
  readonly operation?: 'Apply' | 'Update';
  /** ISO 8601: when that manager last wrote the object. */
  readonly at?: string;
  /** Only from an audit log, or, of what the command did, from STS. */
  readonly user?: string;
}

export interface RecordObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid?: string;
}

/** The class of the record that says how an object does after it was written. */
export const HEALTH = 'health';

export const HEALTH_STATUSES = ['progressing', 'healthy', 'degraded', 'timed-out'] as const;

export interface RecordHealth {
  readonly status: (typeof HEALTH_STATUSES)[number];
  /** A reason as the cluster spells it, such as `ImagePullBackOff`. */
  readonly reason?: string;
  readonly message?: string;
  /** ISO 8601: when that was first seen. */
  readonly at: string;
}

/** The fields that every record has; `id` is a ULID whose time is `at`. */
interface RecordBase {
  readonly cluster: string;
  readonly id: string;
  readonly at: string;
  readonly runId: string;
  readonly revision: string;
  /** Starts at 1 with `opened`; each transition adds one. */
  readonly sequence: number;
  readonly event: RecordEvent;
  readonly error?: Failure;
  readonly durationMs?: number;
}

/** One fact about one object: drift, rollout, prune, image or rollback. */
export interface ObjectRecord extends RecordBase {
  readonly kind: Exclude<RecordKind, 'run'>;
  readonly object: RecordObject;
  readonly class: string;
  readonly changes: readonly FieldChange[];
  readonly actor?: Actor;
  readonly decision: Decision;
  readonly heldUntil?: string;
  readonly correctedAt?: string;
  readonly verifiedAt?: string;
  /** How the object does since it was written. */
  readonly health?: RecordHealth;
  /** Absent while the record is open. */
  readonly resolvedAt?: string;
}

export const RUN_OUTCOMES = ['in-sync', 'corrected', 'drifting', 'blocked', 'failed', 'suspended', 'off'] as const;
export type RunOutcome = (typeof RUN_OUTCOMES)[number];

/** One run of one cluster; also the last line that `reconcile --json` prints for it. */
export interface RunRecord extends RecordBase {
  readonly kind: 'run';
  readonly outcome: RunOutcome;
  readonly objects: number;
  readonly drifted: number;
  readonly corrected: number;
  readonly created: number;
  readonly failed: number;
  readonly requests: number;
  readonly durationMs: number;
}

export type PlumblineRecord = ObjectRecord | RunRecord;
