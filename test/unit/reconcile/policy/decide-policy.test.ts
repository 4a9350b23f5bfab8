import { describe, expect, it } from 'vitest';
import type { PresentComparison } from '../../../../lib/reconcile/compare.ts';
import { decide } from '../../../../lib/reconcile/decide.ts';
import type { Difference } from '../../../../lib/reconcile/diff.ts';
import { OWNER_LABEL } from '../../../../lib/reconcile/identity.ts';
import {
  a,
  absent,
  b,
  drift,
  drifted,
  ENFORCE,
  evening,
  expectDecision,
  git,
  missing,
  NOTHING,
  opened,
  present,
  type Row,
} from './decision.ts';

describe('grace', () => {
  const grace = { graceSeconds: 600 };
  it.each<Row>([
    ['holds a drift from its opening', drifted, grace, NOTHING, 'leave', ['drift value held 12:10 a']],
    ['and no longer', drifted, grace, opened('value', '2026-01-01T11:55:00.000Z'), 'leave', ['drift value held 12:05 a']],
    ['corrects it at its end', drifted, grace, opened('value', '2026-01-01T11:50:00.000Z'), 'update', ['drift value corrected a']],
    [
      'counts for each class of drift',
      drifted,
      grace,
      opened('metadata', '2026-01-01T11:00:00.000Z'),
      'leave',
      ['drift value held 12:10 a'],
    ],
    ['holds a missing object too', missing, grace, NOTHING, 'leave', ['drift missing held 12:10']],
    ['brings it back at its end', missing, grace, opened('missing', '2026-01-01T11:50:00.000Z'), 'create', ['drift missing corrected']],
    ['is not about a creation', absent({ moved: true }), grace, NOTHING, 'create', ['rollout created applied']],
    ['is not about a rollout', present({ rollout: [a] }), grace, NOTHING, 'update', ['rollout changed applied a']],
    [
      'leaves a held field as it is where a rollout changes another',
      present({ rollout: [b], drift: [drift(a)] }),
      grace,
      NOTHING,
      'update around data.a',
      ['drift value held 12:10 a', 'rollout changed applied b'],
    ],
    ['is nothing while observing', drifted, { ...grace, mode: 'observe' }, NOTHING, 'leave', ['drift value observed a']],
    [
      'does not keep ownership from being taken back',
      present({ ownershipLost: true }),
      grace,
      NOTHING,
      'update',
      ['drift ownership applied'],
    ],
    [
      'a rule can give another',
      drifted,
      { rules: [{ kind: 'ConfigMap', graceSeconds: 60 }] },
      NOTHING,
      'leave',
      ['drift value held 12:01 a'],
    ],
    [
      'a rule can take it away',
      drifted,
      { ...grace, rules: [{ name: 'sett*', graceSeconds: 0 }] },
      NOTHING,
      'update',
      ['drift value corrected a'],
    ],
    [
      'the first rule that fits holds',
      drifted,
      { ...grace, rules: [{ kind: 'Secret', graceSeconds: 1 }, { labels: { tier: 'front' }, graceSeconds: 120 }, { graceSeconds: 0 }] },
      NOTHING,
      'leave',
      ['drift value held 12:02 a'],
    ],
  ])('%s', expectDecision);
});

describe('the annotation hold-until', () => {
  const hold = (holdUntil: string, fields: Partial<PresentComparison> = {}) =>
    present({ drift: [drift(a)], marks: { holdUntil }, ...fields });
  it.each<Row>([
    ['holds drift until then', hold('2026-01-01T15:00:00Z'), {}, NOTHING, 'leave', ['drift value held 15:00 a']],
    ['as a duration from the opening', hold('2h'), {}, opened('value', '2026-01-01T11:00:00.000Z'), 'leave', ['drift value held 13:00 a']],
    ['up to the row’s limit', hold('2027-01-01T00:00:00Z'), { holdLimitSeconds: 3600 }, NOTHING, 'leave', ['drift value held 13:00 a']],
    [
      'and not beyond it by asking again',
      hold('2027-01-01T00:00:00Z'),
      { holdLimitSeconds: 3600 },
      opened('value', '2026-01-01T11:00:00.000Z'),
      'update',
      ['drift value corrected a'],
    ],
    ['which can forbid it', hold('2h'), { holdLimitSeconds: 0 }, NOTHING, 'update', ['drift value corrected a']],
    ['does not shorten the grace', hold('1m'), { graceSeconds: 600 }, NOTHING, 'leave', ['drift value held 12:10 a']],
    ['is over in the past', hold('2025-01-01T00:00:00Z'), {}, NOTHING, 'update', ['drift value corrected a']],
    ['holds nothing where nothing drifts', hold('2h', { drift: [] }), {}, NOTHING, 'leave', []],
    [
      'is not about what a commit changes',
      hold('2h', { rollout: [b] }),
      {},
      NOTHING,
      'update around data.a',
      ['drift value held 14:00 a', 'rollout changed applied b'],
    ],
    ['is reported when it cannot be read', hold('soon'), {}, NOTHING, 'update', ['drift value corrected a', 'drift annotation reported']],
    ['even where nothing drifts', hold('soon', { drift: [] }), {}, NOTHING, 'leave', ['drift annotation reported']],
    [
      'in Git holds a missing object',
      absent({ baseline: { object: git } }, { 'plumbline.dev/hold-until': '2h' }),
      {},
      NOTHING,
      'leave',
      ['drift missing held 14:00'],
    ],
  ])('%s', expectDecision);

  it('says what is accepted', () => {
    const [, finding] = decide(hold('soon'), ENFORCE, () => NOTHING).findings;
    expect(finding?.failure).toEqual({
      reason: 'InvalidAnnotation',
      message: expect.stringMatching(
        /^ConfigMap shop\/settings: annotation plumbline\.dev\/hold-until is "soon"; accepted: a moment with its time zone such as .*, or a duration such as 2h/,
      ),
    });
  });
});

describe('an object that is not to be reconciled', () => {
  const disabled = { marks: { reconcile: 'disabled' } };
  it.each<Row>([
    ['has its drift recorded', present({ drift: [drift(a)], ...disabled }), {}, NOTHING, 'leave', ['drift value suspended a']],
    ['and its rollouts', present({ rollout: [a], ...disabled }), {}, NOTHING, 'leave', ['rollout changed suspended a']],
    ['is not even taken back', present({ ownershipLost: true, ...disabled }), {}, NOTHING, 'leave', []],
    [
      'is not created',
      absent({ moved: true }, { 'plumbline.dev/reconcile': 'disabled' }),
      {},
      NOTHING,
      'leave',
      ['rollout created suspended'],
    ],
    [
      'is again when it says enabled',
      present({ drift: [drift(a)], marks: { reconcile: 'enabled' } }),
      {},
      NOTHING,
      'update',
      ['drift value corrected a'],
    ],
    [
      'a word that is neither is reported and holds nothing',
      present({ drift: [drift(a)], marks: { reconcile: 'no' } }),
      {},
      NOTHING,
      'update',
      ['drift value corrected a', 'drift annotation reported'],
    ],
  ])('%s', expectDecision);
});

describe('windows', () => {
  const both = { closed: { drift: { until: evening }, rollout: { until: evening } } };
  it.each<Row>([
    ['hold drift until the next opening', drifted, both, NOTHING, 'leave', ['drift value held 18:00 a']],
    ['and rollouts', present({ rollout: [a] }), both, NOTHING, 'leave', ['rollout changed held 18:00 a']],
    ['and creations', absent({ moved: true }), both, NOTHING, 'leave', ['rollout created held 18:00']],
    ['and missing objects', missing, both, NOTHING, 'leave', ['drift missing held 18:00']],
    ['and what is only ours to take back', present({ ownershipLost: true }), both, NOTHING, 'leave', []],
    ['without an end where there is none', drifted, { closed: { drift: {} } }, NOTHING, 'leave', ['drift value held a']],
    [
      'or as long as the grace, when that is longer',
      drifted,
      { ...both, graceSeconds: 86_400 },
      NOTHING,
      'leave',
      ['drift value held 12:00 a'],
    ],
    [
      'for rollouts let drift be corrected around what the commit changes',
      present({ rollout: [b], drift: [drift(a)] }),
      { closed: { rollout: { until: evening } } },
      NOTHING,
      'update around data.b',
      ['drift value corrected a', 'rollout changed held 18:00 b'],
    ],
    [
      'for drift let rollouts through around what drifted',
      present({ rollout: [b], drift: [drift(a)] }),
      { closed: { drift: { until: evening } } },
      NOTHING,
      'update around data.a',
      ['drift value held 18:00 a', 'rollout changed applied b'],
    ],
  ])('%s', expectDecision);
});

describe('a rule for single objects', () => {
  const label: Difference = { path: [{ field: 'metadata' }, { field: 'labels' }, { field: OWNER_LABEL }], shape: 'removed', desired: 'x' };
  it.each<Row>([
    ['can only observe them', drifted, { rules: [{ kind: 'ConfigMap', mode: 'observe' }] }, NOTHING, 'leave', ['drift value observed a']],
    [
      'in others nothing changes',
      drifted,
      { rules: [{ kind: 'Secret', mode: 'observe' }] },
      NOTHING,
      'update',
      ['drift value corrected a'],
    ],
    [
      'can except some from a later one',
      drifted,
      { rules: [{ name: 'settings', mode: 'enforce' }, { mode: 'observe' }] },
      NOTHING,
      'update',
      ['drift value corrected a'],
    ],
    [
      'cannot allow more than the row',
      drifted,
      { mode: 'observe', rules: [{ mode: 'enforce' }] },
      NOTHING,
      'leave',
      ['drift value observed a'],
    ],
    [
      'that only observes does not miss our own label',
      present({ rollout: [label], drift: [drift(label)], ownershipLost: true }),
      { rules: [{ mode: 'observe' }] },
      NOTHING,
      'leave',
      [],
    ],
  ])('%s', expectDecision);
});

describe('a suspension', () => {
  it.each<Row>([
    [
      'says when it ends',
      drifted,
      { suspended: true, suspendedUntil: evening.toISOString() },
      NOTHING,
      'leave',
      ['drift value suspended 18:00 a'],
    ],
    ['is before any hold', drifted, { suspended: true, graceSeconds: 60 }, NOTHING, 'leave', ['drift value suspended a']],
  ])('%s', expectDecision);
});
