import type { Failure } from '../errors.ts';
import type { RolloutHealth } from '../fleet/cluster.ts';
import type { Contest } from '../fleet/contest.ts';
import type { Fact } from '../records/fact.ts';
import type { ObjectRecord } from '../records/record.ts';
import type { Inventory } from '../storage/stores.ts';
import type { Remembered } from './surface/index.ts';

/** How a run ended; what is recorded of it, whatever happened, follows from this value alone. */
/** `skipped`: another run holds the lease; `overtaken`: another one has ended since this one was asked for. */
export type Ending = CompletedRun | StoppedRun | { readonly state: 'skipped' } | { readonly state: 'overtaken' };

/** Every object of the desired state was dealt with, well or not. */
export interface CompletedRun {
  readonly state: 'completed';
  readonly revision: string;
  /** ISO 8601: after it another run may be ahead, whose state this one must not set back. */
  readonly leaseExpiresAt: string;
  /** Of the run's lease. */
  readonly fence: number;
  readonly serverVersion: string;
  /** Objects of the desired state, those that could not be read included. */
  readonly objects: number;
  readonly facts: readonly Fact[];
  /** The id that the run's own record has; undefined of a run that wrote nothing. */
  readonly runRecordId: string | undefined;
  /** The records that were open when the run began. */
  readonly open: readonly ObjectRecord[];
  /** Which open records are over when no fact is of them any more. */
  readonly closes: (open: ObjectRecord) => boolean;
  readonly suspended: boolean;
  /** How what was written does. */
  readonly rollouts: Omit<RolloutHealth, 'at'>;
  /** What is fought over from now on; undefined when nothing is or was. */
  readonly contested: readonly Contest[] | undefined;
  /** The inventory to store once the run is recorded; undefined when it is stored already. */
  readonly inventory: Inventory | undefined;
  /** What the next run need not look at again. */
  readonly remembered: Remembered;
  /** Digest of the artifact, when the cluster is at its version of every object. */
  readonly appliedArtifact: string | undefined;
  /** What the cluster's status is to say instead of the first object's failure. */
  readonly failure?: Failure;
}

/** The run ended before the objects were compared. */
export interface StoppedRun {
  readonly state: 'stopped';
  readonly revision: string;
  readonly outcome: 'failed' | 'blocked' | 'off';
  readonly failure?: Failure;
  /** Whether the cluster is to be left alone for a while; not where the cause is not its own. */
  readonly backsOff: boolean;
  /** The desired artifact is not there any more: `source` is to publish it again. */
  readonly artifactMissing?: boolean;
}
