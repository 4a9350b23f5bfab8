import { describeObject } from '../manifests/object.ts';
import type { Fact } from '../records/fact.ts';
import type { AppliedItem } from './apply.ts';
import { changesOf, recordObject } from './changes.ts';
import type { Comparison } from './compare.ts';
import { type Finding, isIntention } from './decide.ts';
import { CONTESTED } from './policy/index.ts';
import type { Untargeted } from './target.ts';

/** What a run has to say, object by object. */
export function factsOf(applied: readonly AppliedItem[], untargeted: readonly Untargeted[]): readonly Fact[] {
  return [...applied.flatMap(itemFacts), ...untargeted.map(untargetedFact)];
}

function itemFacts(item: AppliedItem): readonly Fact[] {
  return item.findings.map((finding) => findingFact(finding, item));
}

function findingFact(finding: Finding, { target, comparison, result }: AppliedItem): Fact {
  const object = recordObject(target, result.state === 'written' ? result.uid : uidOf(comparison));
  const fact: Fact = {
    kind: finding.kind,
    object,
    class: finding.class,
    changes: changesOf(finding.differences, object),
    decision: finding.decision,
    ...(finding.actor === undefined ? {} : { actor: finding.actor }),
    ...(finding.heldUntil === undefined ? {} : { heldUntil: finding.heldUntil }),
    ...(finding.failure === undefined ? {} : { error: finding.failure }),
  };
  if (!isIntention(finding)) return fact;
  if (result.state === 'failed') return { ...fact, decision: result.decision, error: result.failure };
  if (result.state !== 'written') return fact;
  // A fight is over only when its rival has not come back for a while.
  if (result.verified) return { ...fact, correctedAt: result.at, ...(finding.class === CONTESTED ? {} : { verifiedAt: result.at }) };
  const message = `${describeObject(target.id)}: the server accepted the write, and its answer does not show it. Look for a webhook or controller that changes it.`;
  return { ...fact, correctedAt: result.at, error: { reason: 'NotVerified', message } };
}

function uidOf(comparison: Comparison): string | undefined {
  return 'uid' in comparison ? comparison.uid : undefined;
}

function untargetedFact({ object, class: problemClass, decision, heldUntil, failure }: Untargeted): Fact {
  const held = heldUntil === undefined ? {} : { heldUntil };
  return {
    kind: 'rollout',
    object,
    class: problemClass,
    changes: [],
    decision,
    ...held,
    ...(failure === undefined ? {} : { error: failure }),
  };
}
