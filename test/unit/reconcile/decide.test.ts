import { describe, expect, it } from 'vitest';
import type { Comparison, PresentComparison } from '../../../lib/reconcile/compare.ts';
import { decide } from '../../../lib/reconcile/decide.ts';
import type { Difference } from '../../../lib/reconcile/diff.ts';
import { NO_MEMORY, type Policy, policyOf } from '../../../lib/reconcile/policy/index.ts';
import { configMap, target } from './objects.ts';
import { ENFORCE, now, present as presentAs } from './policy/decision.ts';

const OBSERVE: Policy = { ...ENFORCE, mode: 'observe' };
const SUSPENDED: Policy = { ...ENFORCE, suspended: true };

const ours = target(configMap(), { baseline: { object: configMap() } });
const fresh = target(configMap(), { moved: true });
const difference: Difference = { path: [{ field: 'data' }], shape: 'changed', desired: 1, live: 2 };
const kubectl = { manager: 'kubectl-edit' };
const drift = { class: 'value', differences: [difference], actor: kubectl };
const person = { ...drift, class: 'foreign-field', who: 'person' } as const;
const takeover = { managedFields: [], removes: [difference] };
const failure = { reason: 'Forbidden', message: 'no' };

const present = (fields: Partial<PresentComparison>): Comparison => presentAs({ target: ours, desired: ours.object, ...fields });

type Row = readonly [what: string, comparison: Comparison, policy: Policy, action: string, findings: readonly string[]];

describe('what is done about an object', () => {
  it.each<Row>([
    ['equal', present({}), ENFORCE, 'leave', []],
    ['drift, enforced', present({ drift: [drift] }), ENFORCE, 'update', ['drift value corrected']],
    ['drift, observed', present({ drift: [drift] }), OBSERVE, 'leave', ['drift value observed']],
    ['drift, suspended', present({ drift: [drift] }), SUSPENDED, 'leave', ['drift value suspended']],
    ['rollout, enforced', present({ rollout: [difference] }), ENFORCE, 'update', ['rollout changed applied']],
    ['rollout, observed', present({ rollout: [difference] }), OBSERVE, 'leave', ['rollout changed observed']],
    [
      'drift and rollout',
      present({ drift: [drift], rollout: [difference] }),
      ENFORCE,
      'update',
      ['drift value corrected', 'rollout changed applied'],
    ],
    ['a field that is no longer ours, enforced', present({ ownershipLost: true }), ENFORCE, 'update', ['drift ownership applied']],
    ['a field that is no longer ours, observed', present({ ownershipLost: true }), OBSERVE, 'leave', []],
    ['a field that is no longer ours, suspended', present({ ownershipLost: true }), SUSPENDED, 'leave', []],
    [
      'a field that is no longer ours, beside drift, is taken back with it',
      present({ ownershipLost: true, drift: [drift] }),
      ENFORCE,
      'update',
      ['drift value corrected'],
    ],
    ['a person’s field, enforced', present({ foreign: [person], takeover }), ENFORCE, 'update', ['drift foreign-field corrected']],
    ['a person’s field, observed', present({ foreign: [person], takeover }), OBSERVE, 'leave', ['drift foreign-field observed']],
    ['a person’s field, suspended', present({ foreign: [person], takeover }), SUSPENDED, 'leave', ['drift foreign-field suspended']],
    [
      'a person’s field that the server would not be without',
      present({ foreign: [{ ...person, failure }] }),
      ENFORCE,
      'leave',
      ['drift foreign-field observed'],
    ],
    [
      'a controller’s field',
      present({ foreign: [{ ...person, class: 'controller-field', who: 'controller' }] }),
      ENFORCE,
      'leave',
      ['drift controller-field tolerated'],
    ],
    [
      'an unknown program’s field beside drift',
      present({ drift: [drift], foreign: [{ ...person, class: 'unclassified-field', who: 'unclassified' }] }),
      ENFORCE,
      'update',
      ['drift value corrected', 'drift unclassified-field observed'],
    ],
    [
      'an object that was there before us, equal',
      present({ adoptedFrom: 'Helm', ownershipLost: true }),
      ENFORCE,
      'update',
      ['rollout adopted applied'],
    ],
    ['an object that was there before us, equal, observed', present({ adoptedFrom: 'Helm' }), OBSERVE, 'leave', []],
    [
      'an object that was there before us, observed',
      present({ adoptedFrom: 'kubectl', rollout: [difference] }),
      OBSERVE,
      'leave',
      ['rollout adopted observed'],
    ],
    ['absent and never applied', { state: 'absent', target: fresh, validated: false }, ENFORCE, 'create', ['rollout created applied']],
    [
      'absent and never applied, observed',
      { state: 'absent', target: fresh, validated: true },
      OBSERVE,
      'leave',
      ['rollout created observed'],
    ],
    ['absent and once applied', { state: 'absent', target: ours, validated: false }, ENFORCE, 'create', ['drift missing corrected']],
    [
      'absent and once applied, suspended',
      { state: 'absent', target: ours, validated: true },
      SUSPENDED,
      'leave',
      ['drift missing suspended'],
    ],
    ['terminating', { state: 'terminating', target: ours, uid: 'u' }, ENFORCE, 'leave', ['drift terminating blocked']],
    ['terminating, observed', { state: 'terminating', target: ours, uid: 'u' }, OBSERVE, 'leave', ['drift terminating observed']],
    [
      'another’s',
      { state: 'owned', target: fresh, uid: 'u', owner: { deployer: 'flux', words: 'Flux' } },
      ENFORCE,
      'leave',
      ['rollout owner refused'],
    ],
    ['unreadable', { state: 'unknown', target: ours, decision: 'failed', failure }, ENFORCE, 'leave', ['drift unverifiable failed']],
    [
      'unreadable after a commit',
      { state: 'unknown', target: fresh, decision: 'failed', failure },
      OBSERVE,
      'leave',
      ['rollout unverifiable failed'],
    ],
    ['blocked', { state: 'unknown', target: fresh, decision: 'blocked', failure }, ENFORCE, 'leave', ['rollout unverifiable blocked']],
  ])('%s', (_what, comparison, policy, action, findings) => {
    const item = decide(comparison, policy, NO_MEMORY);
    expect(item.action).toBe(action);
    expect(item.findings.map(({ kind, class: findingClass, decision }) => `${kind} ${findingClass} ${decision}`)).toEqual(findings);
  });

  it('names who keeps an object that it refuses, and what to do', () => {
    const [finding] = decide(
      { state: 'owned', target: fresh, uid: 'u', owner: { deployer: 'helm', words: 'Helm’s release shop' } },
      ENFORCE,
      NO_MEMORY,
    ).findings;
    expect(finding?.failure).toEqual({
      reason: 'OwnedByAnother',
      message: expect.stringMatching(/^ConfigMap shop\/settings: it belongs to Helm’s release shop.*from: helm/),
    });
  });
});

describe('what a row allows', () => {
  it.each([
    ['enforce', undefined, ENFORCE],
    ['observe', undefined, OBSERVE],
    [
      'enforce',
      '2026-01-01T12:00:01Z',
      {
        ...SUSPENDED,
        suspendedUntil: '2026-01-01T12:00:01Z',
        suspension: { reason: 'Suspended', message: 'cluster prod: it is suspended: a freeze' },
      },
    ],
    ['enforce', '2026-01-01T12:00:00Z', ENFORCE],
    ['enforce', '2026-01-01T14:00:00+03:00', ENFORCE],
  ] as const)('%s until %s', (mode, suspendedUntil, policy) => {
    const row = {
      cluster: 'prod',
      mode,
      intervalSeconds: 60,
      graceSeconds: 0,
      holdLimitSeconds: 86_400,
      ...(suspendedUntil === undefined ? {} : { suspendedUntil, suspendedReason: 'a freeze' }),
    };
    expect(policyOf(row, undefined, now)).toEqual(policy);
  });
});

it('takes over only what is to go', () => {
  const taken = (comparison: Comparison) => decide(comparison, ENFORCE, NO_MEMORY).takeover;
  expect(taken(present({ foreign: [person], takeover }))).toEqual(takeover);
  expect(taken(present({ drift: [drift], takeover: { ...takeover, removes: [] } }))).toBeUndefined();
  expect(taken(present({ rollout: [difference], takeover }))).toEqual(takeover);
  expect(taken(present({ adoptedFrom: 'Helm', takeover: { ...takeover, removes: [] } }))).toBeDefined();
});
