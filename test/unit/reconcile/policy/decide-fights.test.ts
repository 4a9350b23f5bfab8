import { describe, expect, it } from 'vitest';
import { decide } from '../../../../lib/reconcile/decide.ts';
import {
  a,
  b,
  difference,
  drift,
  drifted,
  ENFORCE,
  expectDecision,
  fight,
  fighting,
  immutable,
  missing,
  NOTHING,
  now,
  present,
  type Row,
} from './decision.ts';

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
