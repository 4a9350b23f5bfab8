import type { Failure } from '../errors.ts';
import type { Actor, Decision, FieldChange, ObjectRecord, RecordObject, RunRecord } from './record.ts';

/**
 * What a run saw of one object, before it is known whether a record of it is open already. `planRecords` turns the facts of a run and the
 * open records into transitions.
 */
export interface Fact {
  readonly kind: ObjectRecord['kind'];
  readonly object: RecordObject;
  readonly class: string;
  readonly changes: readonly FieldChange[];
  readonly actor?: Actor;
  readonly decision: Decision;
  readonly heldUntil?: string;
  /** Set when this run wrote the correction, and when the server's answer showed it. */
  readonly correctedAt?: string;
  readonly verifiedAt?: string;
  readonly error?: Failure;
}

export interface RunFacts {
  readonly cluster: string;
  readonly runId: string;
  readonly revision: string;
  readonly startedAt: string;
  readonly facts: readonly Fact[];
  /**
   * Which open records this run can close when it no longer sees them: those of its kinds, of objects that it verified. A record of an
   * object that could not be read stays open.
   */
  readonly closes: (open: ObjectRecord) => boolean;
  /** The run's own record; an audit has none. */
  readonly run?: Pick<
    RunRecord,
    'outcome' | 'objects' | 'drifted' | 'corrected' | 'created' | 'failed' | 'requests' | 'durationMs' | 'error'
  >;
}

/** Stores, logs and counts what a run saw, in that order, from one place. Returns the records that moved, in order, the run's last. */
export interface Recorder {
  record(run: RunFacts, signal: AbortSignal): Promise<readonly (ObjectRecord | RunRecord)[]>;
}
