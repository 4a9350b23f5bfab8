import { UNKNOWN_ACTOR } from '../actor.ts';
import type { AppliedItem } from '../apply.ts';
import type { Finding } from '../decide.ts';
import { contestantsOf, contestantsOfWhole } from './contested-drift.ts';
import type { Sighting } from './contests.ts';

/** The fields and objects that a run saw changed, and what it did about each: what fights are told by. */
export function sightingsOf(applied: readonly AppliedItem[]): readonly Sighting[] {
  return applied.flatMap((item) => item.findings.flatMap((finding) => sightings(finding, item)));
}

function sightings(finding: Finding, item: AppliedItem): readonly Sighting[] {
  if (finding.kind !== 'drift') return [];
  const did = whatWasDone(finding, item);
  return contestants(finding, item).map((contested) => ({ key: item.target.key, ...contested, ...did }));
}

function whatWasDone({ decision, heldUntil }: Finding, { result }: AppliedItem): Pick<Sighting, 'did' | 'until'> {
  if (decision === 'backed-off') return { did: 'retreated', ...(heldUntil === undefined ? {} : { until: heldUntil }) };
  const isWritten = (decision === 'corrected' || decision === 'applied') && result.state === 'written';
  return { did: isWritten ? 'corrected' : 'nothing' };
}

function contestants(
  { differences, actor = UNKNOWN_ACTOR }: Finding,
  { comparison }: AppliedItem,
): readonly Pick<Sighting, 'path' | 'rival'>[] {
  if (differences.length > 0) return differences.map((difference) => contestantsOf(difference, { actor }));
  const { state } = comparison;
  return state === 'present' || state === 'immutable' ? [contestantsOfWhole(state)] : [];
}
