import type { Fact } from '../records/fact.ts';
import { HEALTH, type RunOutcome, type RunRecord } from '../records/record.ts';

/**
 * Whether a fact stays open after the run: only what the server has shown settled is settled, and what is tolerated is decided. That an object
 * is as Git says it and does not work is no difference.
 */
export function isOpen(fact: Fact): boolean {
  return fact.verifiedAt === undefined && fact.decision !== 'tolerated' && fact.class !== HEALTH;
}

/** The run in one word. Whatever is unknown, refused or still open is never in sync. */
export function outcomeOf(facts: readonly Fact[], suspended: boolean): RunOutcome {
  const decisions = new Set(facts.map(({ decision }) => decision));
  if (decisions.has('failed')) return 'failed';
  if (decisions.has('blocked') || decisions.has('refused')) return 'blocked';
  if (suspended) return 'suspended';
  if (facts.some(isOpen)) return 'drifting';
  return decisions.has('corrected') ? 'corrected' : 'in-sync';
}

/** Whether every object was compared and every write was seen to have worked: the cluster's state is known, in sync or not. */
export function isVerifiedRun(facts: readonly Fact[]): boolean {
  // A deletion that a guard holds back was read like any other object.
  const isKnown = ({ kind, decision, error }: Fact) =>
    decision !== 'failed' && (decision !== 'blocked' || kind === 'prune') && error?.reason !== 'NotVerified';
  return facts.every(isKnown);
}

export type RunCounts = Pick<RunRecord, 'objects' | 'drifted' | 'corrected' | 'created' | 'failed'>;

const NO_DRIFT: ReadonlySet<string> = new Set(['annotation', 'ownership', 'unverifiable']);

/** A change that was put back is no drift, nor is what a controller may do, and what could not be read is a failure instead of one. */
export function countFacts(facts: readonly Fact[], objects: number): RunCounts {
  const drift = facts.filter((fact) => fact.kind === 'drift' && fact.decision !== 'tolerated' && !NO_DRIFT.has(fact.class));
  return {
    objects,
    drifted: drift.length,
    corrected: drift.filter((fact) => fact.decision === 'corrected' && !isOpen(fact)).length,
    created: facts.filter((fact) => fact.kind === 'rollout' && fact.class === 'created' && fact.decision === 'applied').length,
    failed: facts.filter(({ decision }) => decision === 'failed').length,
  };
}
