import { UNKNOWN_ACTOR } from '../actor.ts';
import type { AppliedItem } from '../apply.ts';
import type { Finding } from '../decide.ts';
import { contestantsOf } from './contested-drift.ts';
import type { Sighting } from './contests.ts';

/** The fields that a run saw changed, and what it did about each: what fights are told by. */
export function sightingsOf(applied: readonly AppliedItem[]): readonly Sighting[] {
  return applied.flatMap((item) => item.findings.flatMap((finding) => sightings(finding, item)));
}

function sightings(finding: Finding, { target, result, action }: AppliedItem): readonly Sighting[] {
  if (finding.kind !== 'drift' || action === 'create') return [];
  const { actor = UNKNOWN_ACTOR, decision, differences, heldUntil } = finding;
  const isOwnership = differences.length === 0 && (decision === 'applied' || decision === 'backed-off' || decision === 'corrected');
  const fields = isOwnership ? [{ path: '', rival: actor.manager }] : differences.map((each) => contestantsOf(each, { actor }));
  if (decision === 'backed-off') {
    return fields.map((field) => ({
      key: target.key,
      ...field,
      did: 'retreated',
      ...(heldUntil === undefined ? {} : { until: heldUntil }),
    }));
  }
  const isWritten = (decision === 'corrected' || decision === 'applied') && result.state === 'written';
  return fields.map((field) => ({ key: target.key, ...field, did: isWritten ? 'corrected' : 'nothing' }));
}
