import { describe, expect, it } from 'vitest';
import { countFacts, isVerifiedRun, outcomeOf } from '../../../lib/reconcile/outcome.ts';
import type { Fact } from '../../../lib/records/fact.ts';

const object = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'shop', name: 'settings' };
const fact = (kind: Fact['kind'], factClass: string, decision: Fact['decision'], verified = false): Fact => ({
  kind,
  object,
  class: factClass,
  changes: [],
  decision,
  ...(verified ? { correctedAt: '2026-01-01T00:00:00Z', verifiedAt: '2026-01-01T00:00:00Z' } : {}),
});

const CORRECTED = fact('drift', 'value', 'corrected', true);
const APPLIED = fact('rollout', 'changed', 'applied', true);
const OBSERVED = fact('drift', 'foreign-field', 'observed');
const FAILED = fact('drift', 'unverifiable', 'failed');
const REFUSED = fact('rollout', 'owner', 'refused');
const UNSEEN: Fact = { ...fact('drift', 'value', 'corrected'), correctedAt: 'x', error: { reason: 'NotVerified', message: 'x' } };

describe('a run in one word', () => {
  it.each<[string, readonly Fact[], boolean, string, boolean]>([
    ['nothing to say', [], false, 'in-sync', true],
    ['a rollout that worked', [APPLIED], false, 'in-sync', true],
    ['ownership regained', [fact('drift', 'ownership', 'applied', true)], false, 'in-sync', true],
    ['a deletion held back', [fact('prune', 'removed-from-git', 'blocked')], false, 'blocked', true],
    ['a deletion that failed', [fact('prune', 'removed-from-git', 'failed')], false, 'failed', false],
    ['a deletion', [fact('prune', 'removed-from-git', 'applied', true)], false, 'in-sync', true],
    ['a drift corrected', [APPLIED, CORRECTED], false, 'corrected', true],
    ['a drift that stays', [CORRECTED, OBSERVED], false, 'drifting', true],
    ['what a controller may do', [fact('drift', 'controller-field', 'tolerated')], false, 'in-sync', true],
    ['an object to prune', [fact('prune', 'removed-from-git', 'observed')], false, 'drifting', true],
    ['a correction that did not show', [UNSEEN], false, 'drifting', false],
    ['something refused', [CORRECTED, OBSERVED, REFUSED], false, 'blocked', true],
    ['something blocked', [fact('rollout', 'image', 'blocked')], false, 'blocked', false],
    ['something unknown is never in sync', [CORRECTED, REFUSED, FAILED], false, 'failed', false],
    ['suspended', [fact('drift', 'value', 'suspended')], true, 'suspended', true],
    ['suspended and nothing to say', [], true, 'suspended', true],
    ['suspended and unknown', [FAILED], true, 'failed', false],
  ])('%s', (_what, facts, suspended, outcome, verified) => {
    expect(outcomeOf(facts, suspended)).toBe(outcome);
    expect(isVerifiedRun(facts)).toBe(verified);
  });

  it('counts drift that is drift, and corrections that were seen', () => {
    const created = fact('rollout', 'created', 'applied', true);
    const ownership = fact('drift', 'ownership', 'applied', true);
    expect(
      countFacts(
        [fact('drift', 'controller-field', 'tolerated'), CORRECTED, OBSERVED, FAILED, REFUSED, APPLIED, UNSEEN, created, ownership],
        9,
      ),
    ).toEqual({
      objects: 9,
      drifted: 3,
      corrected: 1,
      created: 1,
      failed: 1,
    });
  });
});
