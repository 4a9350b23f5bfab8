import type { Contest } from '../../fleet/contest.ts';
import { recordObjectKey } from '../../records/identity.ts';
import type { ObjectRecord } from '../../records/record.ts';

/** What earlier runs left to know of one object. */
export interface TargetMemory {
  /** ISO 8601, by class of drift: when the record of it that is still open was opened. */
  readonly driftSince: ReadonlyMap<string, string>;
  /** Its fields that are fought over, or may be. */
  readonly contested: readonly Contest[];
}

/** Asked by the key of a target. */
export type Memory = (target: { readonly key: string }) => TargetMemory;

const NOTHING: TargetMemory = { driftSince: new Map(), contested: [] };

export const NO_MEMORY: Memory = () => NOTHING;

/** What is remembered of a cluster: its open records, and what its state says of fights. */
export function memoryOf(open: readonly ObjectRecord[], contested: readonly Contest[] = []): Memory {
  const records = Map.groupBy(
    open.filter(({ kind }) => kind === 'drift'),
    recordObjectKey,
  );
  const contests = Map.groupBy(contested, ({ key }) => key);
  return ({ key }) => {
    const known = records.get(key);
    const fights = contests.get(key);
    if (known === undefined && fights === undefined) return NOTHING;
    return { driftSince: new Map(known?.map((record) => [record.class, record.at])), contested: fights ?? [] };
  };
}
