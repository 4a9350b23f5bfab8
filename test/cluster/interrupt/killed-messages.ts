import type { ClusterRow } from '../../../lib/fleet/cluster.ts';

/** What the process is to reconcile, once. */
export interface KilledInput {
  readonly row: ClusterRow;
  readonly token: string;
  readonly runId: string;
  /** By how much its clock is ahead. */
  readonly aheadMilliseconds: number;
}

export type StoreName = 'state' | 'leases' | 'artifacts' | 'records';

/** A call of a store, which the parent has; or a point at which the process may be killed, and which it passes when it is answered. */
export type Question =
  | { readonly id: number; readonly type: 'call'; readonly store: StoreName; readonly method: string; readonly args: readonly unknown[] }
  | { readonly id: number; readonly type: 'point'; readonly where: string };

export interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}
