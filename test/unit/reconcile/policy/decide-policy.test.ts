import { describe, expect, it } from 'vitest';
import type { Contest } from '../../../../lib/fleet/contest.ts';
import type { Comparison, PresentComparison } from '../../../../lib/reconcile/compare.ts';
import { decide } from '../../../../lib/reconcile/decide.ts';
import type { Difference } from '../../../../lib/reconcile/diff.ts';
import { OWNER_LABEL } from '../../../../lib/reconcile/identity.ts';
import { formatPath } from '../../../../lib/reconcile/path.ts';
import type { Policy, TargetMemory } from '../../../../lib/reconcile/policy/index.ts';
import { configMap, target } from '../objects.ts';

const now = new Date('2026-01-01T12:00:00Z');
const ENFORCE: Policy = {
  mode: 'enforce',
  suspended: false,
  now,
  graceSeconds: 0,
  holdLimitSeconds: 86_400,
  fightSeconds: 900,
  closed: {},
  rules: [],
};
const NOTHING: TargetMemory = { driftSince: new Map(), contested: [] };
const opened = (driftClass: string, at: string): TargetMemory => ({ ...NOTHING, driftSince: new Map([[driftClass, at]]) });
const evening = new Date('2026-01-01T18:00:00Z');

const difference = (field: string, owner?: string): Difference => ({
  path: [{ field: 'data' }, { field }],
  shape: 'changed',
  desired: 'ours',
  live: 'theirs',
  ...(owner === undefined ? {} : { owner }),
});
const actor = { manager: 'kubectl-edit' };
const drift = (...differences: readonly Difference[]) => ({ class: 'value', differences, actor });

const git = configMap({ data: { a: 'ours', b: 'ours' } }, { labels: { tier: 'front' } });
const ours = target(git, { baseline: { object: git } });
const present = (fields: Partial<PresentComparison>): Comparison => ({
  state: 'present',
  target: ours,
  desired: git,
  uid: 'u',
  resourceVersion: '1',
  rollout: [],
  drift: [],
  foreign: [],
  fields: {},
  ownershipLost: false,
  facts: undefined,
  ...fields,
});
const a = difference('a', 'kubectl-edit');
const b = difference('b', 'kubectl-edit');
const drifted = present({ drift: [drift(a)] });
const absent = (fields: Parameters<typeof target>[1], annotations: Record<string, string> = {}): Comparison => ({
  state: 'absent',
  target: target(configMap({}, { annotations }), fields),
  validated: false,
});
const recreated = configMap({}, { annotations: { 'plumbline.dev/on-immutable': 'recreate' } });
const immutable = {
  state: 'immutable',
  target: target(recreated, { baseline: { object: recreated } }),
  uid: 'u',
  resourceVersion: '1',
  failure: { reason: 'Invalid', message: 'data is immutable' },
  marks: {},
} as const;
const missing = absent({ baseline: { object: git } });

const fight = (field: string, fields: Partial<Contest> = {}): Contest => ({
  key: ours.key,
  path: `data.${field}`,
  rival: 'kubectl-edit',
  correctedAt: ['2026-01-01T11:57:00.000Z', '2026-01-01T11:58:00.000Z', '2026-01-01T11:59:00.000Z'],
  retreats: 0,
  ...fields,
});
const fighting = (...contested: readonly Contest[]): TargetMemory => ({ ...NOTHING, contested });

type Row = readonly [
  what: string,
  comparison: Comparison,
  policy: Partial<Policy>,
  memory: TargetMemory,
  action: string,
  findings: readonly string[],
];

function expectDecision(
  _what: string,
  comparison: Comparison,
  policy: Partial<Policy>,
  memory: TargetMemory,
  action: string,
  findings: readonly string[],
): void {
  const item = decide(comparison, { ...ENFORCE, ...policy }, () => memory);
  const shown = item.findings.map(({ kind, class: findingClass, decision, heldUntil, differences }) =>
    [kind, findingClass, decision, heldUntil?.slice(11, 16), differences.map(({ path }) => formatPath(path).slice(-1)).join('')]
      .filter((word) => word !== undefined && word !== '')
      .join(' '),
  );
  const around = item.carry.map(({ path }) => ` around ${formatPath(path)}`).join('');
  expect({ action: `${item.action}${around}`, findings: shown }).toEqual({ action, findings });
}

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

describe('a fight', () => {
  it.each<Row>([
    ['is given up for a while', drifted, {}, fighting(fight('a')), 'leave', ['drift contested backed-off 12:05 a']],
    [
      'while the other fields are corrected around it',
      present({ drift: [drift(a, b)] }),
      {},
      fighting(fight('a')),
      'update around data.a',
      ['drift value corrected b', 'drift contested backed-off 12:05 a'],
    ],
    [
      'and a commit is rolled out around it',
      present({ rollout: [b], drift: [drift(a)] }),
      {},
      fighting(fight('a')),
      'update around data.a',
      ['drift contested backed-off 12:05 a', 'rollout changed applied b'],
    ],
    [
      'is tried again after it',
      drifted,
      {},
      fighting(fight('a', { retreats: 1, until: now.toISOString() })),
      'update',
      ['drift contested corrected a'],
    ],
    [
      'is none with another rival',
      present({ drift: [drift(difference('a', 'k9s'))] }),
      {},
      fighting(fight('a')),
      'update',
      ['drift value corrected a'],
    ],
    [
      'over two fields ends at two times',
      present({ drift: [drift(a, b)] }),
      {},
      fighting(fight('a', { retreats: 1, until: '2026-01-01T12:30:00.000Z' }), fight('b')),
      'leave',
      ['drift contested backed-off 12:05 b', 'drift contested backed-off 12:30 a'],
    ],
    ['is not fought while observing', drifted, { mode: 'observe' }, fighting(fight('a')), 'leave', ['drift value observed a']],
    ['nor while suspended', drifted, { suspended: true }, fighting(fight('a')), 'leave', ['drift value suspended a']],
    [
      'over ownership alone is given up too',
      present({ ownershipLost: true }),
      {},
      fighting(fight('', { path: '(ownership)', rival: 'unknown' })),
      'leave',
      ['drift contested backed-off 12:05'],
    ],
    [
      'is none over an object that somebody deletes: it is brought back however often',
      missing,
      {},
      fighting(fight('', { key: missing.target.key, path: '(object)', rival: 'unknown' })),
      'create',
      ['drift missing corrected'],
    ],
    [
      'over an object that has to be deleted is given up',
      immutable,
      {},
      fighting(fight('', { path: '(immutable)', rival: 'unknown' })),
      'leave',
      ['drift contested backed-off 12:05'],
    ],
    ['that is not fought over is created again', immutable, {}, NOTHING, 'recreate', ['drift immutable corrected']],
    [
      'unless somebody has disabled its reconciliation',
      { ...immutable, marks: { reconcile: 'disabled' } },
      {},
      NOTHING,
      'leave',
      ['drift immutable suspended'],
    ],
  ])('%s', expectDecision);

  it('names the rival and says what to do', () => {
    const [finding] = decide(drifted, ENFORCE, () => fighting(fight('a'))).findings;
    expect(finding).toMatchObject({
      actor: { manager: 'kubectl-edit' },
      failure: {
        reason: 'Contested',
        message: expect.stringMatching(/^ConfigMap shop\/settings: kubectl-edit changes data\.a again each time it is corrected\..*ignore/),
      },
    });
  });
});
