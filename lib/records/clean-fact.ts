import { boundChanges } from './bound-changes.ts';
import type { Fact } from './fact.ts';
import { redactFact } from './redact.ts';

/** A fact as it may leave the run: without a secret, and of a size that can be stored and logged. */
export function cleanFact(fact: Fact): Fact {
  const redacted = redactFact(fact);
  return { ...redacted, changes: boundChanges(redacted.changes) };
}
