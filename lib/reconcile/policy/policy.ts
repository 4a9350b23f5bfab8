import type { ClusterRow } from '../../fleet/cluster.ts';

/** What a cluster's row and settings allow just now. */
export interface Policy {
  readonly mode: 'observe' | 'enforce';
  readonly suspended: boolean;
  /** ISO 8601: the end of the suspension. */
  readonly suspendedUntil?: string;
  /** The moment at which the run decides; everything that waits is held against it. */
  readonly now: Date;
  /** How long a drift stays before it is corrected. */
  readonly graceSeconds: number;
}

/** A suspension ends by itself: after its end the row is what it was before. */
export function policyOf(row: Pick<ClusterRow, 'mode' | 'suspendedUntil' | 'graceSeconds'>, now: Date): Policy {
  const { suspendedUntil } = row;
  const suspended = suspendedUntil !== undefined && Date.parse(suspendedUntil) > now.getTime();
  return {
    mode: row.mode === 'enforce' ? 'enforce' : 'observe',
    suspended,
    ...(suspended ? { suspendedUntil } : {}),
    now,
    graceSeconds: row.graceSeconds,
  };
}

export function writes({ mode, suspended }: Pick<Policy, 'mode' | 'suspended'>): boolean {
  return mode === 'enforce' && !suspended;
}
