import type { Failure } from '../errors.ts';
import type { RunIntent } from '../storage/stores.ts';
import type { Prepared } from './intents.ts';
import type { ObjectRecord, RunRecord } from './record.ts';

/**
 * What a run saw of one object, before it is known whether a record of it is open already. `planRecords` turns the facts of a run and the
 * open records into transitions. `correctedAt` is set when this run wrote the correction, `verifiedAt` when the server's answer showed it.
 */
export type Fact = Pick<
  ObjectRecord,
  'kind' | 'object' | 'class' | 'changes' | 'actor' | 'decision' | 'heldUntil' | 'correctedAt' | 'verifiedAt' | 'health' | 'error'
> & {
  /** The record that it opens, if none is open: written down before the act, so that telling it twice is one record. */
  readonly opens?: Pick<ObjectRecord, 'id' | 'at'> & {
    /** Of what an earlier run did: the revision that it was at. */
    readonly revision?: string;
  };
};

/** What a run is about to do. */
export type IntendedFacts = Pick<RunFacts, 'runId' | 'revision' | 'startedAt' | 'facts'>;

export interface RunFacts {
  readonly cluster: string;
  readonly runId: string;
  readonly revision: string;
  readonly startedAt: string;
  readonly facts: readonly Fact[];
  /** The cluster's open records, where the run has read them; else they are read now. */
  readonly open?: readonly ObjectRecord[];
  /**
   * Which open records this run can close when it no longer sees them: those of its kinds, of objects that it verified. A record of an
   * object that could not be read stays open.
   */
  readonly closes: (open: ObjectRecord) => boolean;
  /** The run's own record; an audit has none. One that `repeats` what the last one said is kept only if another record moved. */
  readonly run?: Pick<
    RunRecord,
    'outcome' | 'objects' | 'drifted' | 'corrected' | 'created' | 'failed' | 'requests' | 'durationMs' | 'error'
  >;
  readonly repeats?: boolean;
  /** The id that the run's own record has, where it was written down before the run wrote anything. */
  readonly runRecordId?: string;
}

/** Work for a cluster that came to nothing before any object was looked at: its row cannot be read, or its repository not followed. */
export interface FailedWork extends Pick<RunFacts, 'cluster' | 'runId' | 'revision' | 'startedAt'> {
  readonly error: Failure;
}

/** Stores, logs and counts, in that order, from one place. */
export interface Recorder {
  /** What a run is about to do, as it may be kept until it is recorded: redacted, bounded, each with the id of its record. */
  prepare(intended: IntendedFacts): Prepared;
  /** A run of a cluster that was cut off before it had a record; nothing where it turns out to have one. */
  recordCutOff(cluster: string, run: RunIntent): Promise<void>;
  /** What a run saw. Returns the records that moved, in order, the run's last if it is kept. */
  record(run: RunFacts, signal: AbortSignal): Promise<readonly (ObjectRecord | RunRecord)[]>;
  /** A run of its own, that failed. Open records stay as they are. */
  recordFailure(work: FailedWork): Promise<void>;
}
