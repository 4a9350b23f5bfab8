import type { AwsFault, AwsRequest } from '../../helpers/aws-border.ts';

/** What a fault can be narrowed to, so that it meets one cluster only. */
export interface Victim {
  readonly digest: string;
  readonly uid: string;
  readonly secret: string;
}

/** One thing that AWS does to what belongs to one cluster, and what people are to be told of it. */
export interface StoreFault {
  readonly what: string;
  readonly meets: (victim: Victim) => (request: AwsRequest) => boolean;
  readonly fault: () => AwsFault;
  /** What `status` says; `as before`, of what it had verified before, with the age of that. */
  readonly status: 'failing' | 'in sync' | 'drifting' | 'as before';
  /** Where the table is to say something else of its record than follows from the rest. */
  readonly said?: string;
  /** Of the row, where it is not enforced. */
  readonly mode?: 'observe';
  /** In the status, and on standard error of the command where that fails. */
  readonly reason?: string;
  readonly says?: readonly string[];
  /** Whether there is a run record with the reason. */
  readonly record: boolean;
  /** Whether the message comes back. */
  readonly message: 'done' | 'retried';
  readonly exit: 0 | 1;
  /** What the cluster has while it lasts. */
  readonly applied: boolean;
  readonly remedy: string;
  /** What the table did not take of the object is in the log. */
  readonly logged?: true;
  /** Nothing is remembered of the objects before, so that there is something to remember after. */
  readonly noCheckpoint?: true;
  /** It is open in the records before. */
  readonly openRecord?: true;
}

/** What to do, as the last column of the tables. */
export const WAIT = 'nothing: the next run goes on';
export const NETWORK = 'check that the network leads to the service (NAT, VPC endpoints); else nothing';
export const HEALTH = 'see the AWS Health Dashboard if it lasts; else nothing';
export const LIMIT = "raise the table's or key's limit if it repeats; else nothing";

/** A run that did all that it was to do, and could not say so. */
export const notRecorded = { status: 'failing', record: false, message: 'retried', exit: 1, applied: true } as const;

/** A run that ended before it wrote to the cluster, and said so. */
export const ended = { status: 'failing', record: true, message: 'done', exit: 1, applied: false } as const;

/** An outcome that is verified all the same. */
export const healed = { status: 'in sync', record: false, message: 'done', exit: 0, applied: true } as const;
