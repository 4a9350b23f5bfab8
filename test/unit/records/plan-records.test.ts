import { describe, expect, it } from 'vitest';
import type { Fact, ObjectRecord, RunFacts } from '../../../lib/records/index.ts';
import { planRecords } from '../../../lib/records/index.ts';

const startedAt = '2027-01-01T00:00:00.000Z';
const now = new Date('2027-01-01T00:00:09.000Z');
const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' };

const fact = (fields: Partial<Fact> = {}): Fact => ({
  kind: 'drift',
  object: deployment,
  class: 'value',
  changes: [{ path: 'spec.replicas', desired: 2, live: 5 }],
  actor: { manager: 'kubectl-scale', operation: 'Update', at: '2026-12-31T23:59:00Z' },
  decision: 'observed',
  ...fields,
});

const open = (fields: Partial<ObjectRecord> = {}): ObjectRecord => ({
  cluster: 'prod',
  id: 'open-1',
  at: '2026-12-31T23:00:00.000Z',
  kind: 'drift',
  runId: 'run-0',
  revision: 'old',
  sequence: 1,
  event: 'opened',
  object: deployment,
  class: 'value',
  changes: [{ path: 'spec.replicas', desired: 2, live: 5 }],
  decision: 'observed',
  ...fields,
});

function plan(openRecords: readonly ObjectRecord[], facts: readonly Fact[], closes: RunFacts['closes'] = () => true) {
  let count = 0;
  const run = { cluster: 'prod', runId: 'run-1', revision: 'new', startedAt, facts, closes };
  return planRecords(openRecords, run, now, (at) => `${at}-${++count}`);
}

const lastOf = (steps: ReturnType<typeof plan>[number]) => steps.at(-1) ?? steps[0];

const eventsOf = (plans: ReturnType<typeof plan>) =>
  plans.map((steps) => steps.map(({ event, sequence }) => `${sequence} ${event}`).join(', '));

describe('what a run does to the records', () => {
  it.each([
    ['drift that is seen first', [], [fact()], ['1 opened']],
    [
      'drift that was corrected and verified in one run',
      [],
      [fact({ decision: 'corrected', correctedAt: startedAt, verifiedAt: startedAt })],
      ['1 opened, 2 corrected, 3 verified'],
    ],
    [
      'drift that was corrected but not seen corrected',
      [],
      [fact({ decision: 'corrected', correctedAt: startedAt })],
      ['1 opened, 2 corrected'],
    ],
    [
      'drift whose correction does not show once more, with another value',
      [open({ decision: 'corrected', correctedAt: '2026-12-31T23:00:00.000Z', error: { reason: 'NotVerified', message: 'x' } })],
      [
        fact({
          decision: 'corrected',
          correctedAt: startedAt,
          error: { reason: 'NotVerified', message: 'x' },
          changes: [{ path: 'spec.replicas', desired: 2, live: 9 }],
        }),
      ],
      [],
    ],
    [
      'drift whose correction shows at last',
      [open({ decision: 'corrected', correctedAt: '2026-12-31T23:00:00.000Z', error: { reason: 'NotVerified', message: 'x' } })],
      [fact({ decision: 'corrected', correctedAt: startedAt, verifiedAt: startedAt })],
      ['2 corrected, 3 verified'],
    ],
    ['drift that is held', [], [fact({ decision: 'held', heldUntil: '2027-01-01T02:00:00Z' })], ['1 opened, 2 held']],
    [
      'drift whose correction failed',
      [],
      [fact({ decision: 'failed', error: { reason: 'Forbidden', message: 'no' } })],
      ['1 opened, 2 failed'],
    ],
    [
      'a rollout',
      [],
      [fact({ kind: 'rollout', decision: 'applied', correctedAt: startedAt, verifiedAt: startedAt })],
      ['1 opened, 2 verified'],
    ],
    [
      'an object that is blocked',
      [],
      [fact({ kind: 'rollout', decision: 'blocked', error: { reason: 'NamespaceMissing', message: 'no' } })],
      ['1 opened'],
    ],
    ['drift that stays as it was', [open()], [fact()], []],
    ['drift that stays held', [open({ decision: 'held', heldUntil: 'T' })], [fact({ decision: 'held', heldUntil: 'T' })], []],
    ['drift that is held longer', [open({ decision: 'held', heldUntil: 'T' })], [fact({ decision: 'held', heldUntil: 'U' })], ['2 held']],
    [
      'drift that goes on failing for the same reason',
      [open({ decision: 'failed', error: { reason: 'Timeout', message: 'after 30.1 s' } })],
      [fact({ decision: 'failed', error: { reason: 'Timeout', message: 'after 30.2 s' } })],
      [],
    ],
    [
      'drift that fails for another reason',
      [open({ decision: 'failed', error: { reason: 'Timeout', message: 'x' } })],
      [fact({ decision: 'failed', error: { reason: 'Forbidden', message: 'x' } })],
      ['2 failed'],
    ],
    ['drift that moved on', [open()], [fact({ changes: [{ path: 'spec.replicas', desired: 2, live: 9 }] })], ['2 changed']],
    [
      'drift that failed and is only observed since',
      [open({ decision: 'failed', error: { reason: 'Forbidden', message: 'no' } })],
      [fact()],
      ['2 changed'],
    ],
    [
      'drift that is enforced since',
      [open()],
      [fact({ decision: 'corrected', correctedAt: startedAt, verifiedAt: startedAt })],
      ['2 corrected, 3 verified'],
    ],
    ['drift that somebody put back', [open()], [], ['2 resolved']],
    [
      'drift that an earlier run corrected and this one sees gone',
      [open({ decision: 'corrected', correctedAt: startedAt, sequence: 2 })],
      [],
      ['3 verified'],
    ],
    [
      'held drift that somebody put back, although it had been corrected once',
      [open({ decision: 'held', correctedAt: startedAt, sequence: 3 })],
      [],
      ['4 resolved'],
    ],
    [
      'corrected drift that goes on under another class',
      [open({ decision: 'corrected', correctedAt: startedAt, sequence: 2 })],
      [fact({ class: 'contested', decision: 'backed-off' })],
      ['1 opened', '3 resolved'],
    ],
    [
      'corrected drift of an object that has another drift elsewhere',
      [open({ decision: 'corrected', correctedAt: startedAt, sequence: 2 })],
      [fact({ class: 'item', changes: [{ path: 'spec.paused', live: true }] })],
      ['1 opened', '3 verified'],
    ],
    ['drift of another class of the same object', [open()], [fact({ class: 'foreign-field' }), fact()], ['1 opened']],
    ['the same object in another version of its API', [open({ object: { ...deployment, apiVersion: 'apps/v1beta1' } })], [fact()], []],
  ] satisfies [string, ObjectRecord[], Fact[], string[]][])('%s', (_what, openRecords, facts, events) => {
    expect(eventsOf(plan(openRecords, facts))).toEqual(events);
  });

  it('forgets why it failed once it does not fail any more', () => {
    const failed = open({ decision: 'failed', error: { reason: 'Forbidden', message: 'no' } });
    const [steps] = plan([failed], [fact()]);
    const observed = steps?.at(-1);
    expect(observed).not.toHaveProperty('error');
    expect(plan(observed === undefined ? [] : [observed], [fact()])).toEqual([]);
  });

  it('leaves open what the run could not verify', () => {
    expect(plan([open()], [], () => false)).toEqual([]);
  });

  it('stores the last step, with the sums of all: when it was opened, corrected, verified and resolved', () => {
    const corrected = fact({ decision: 'corrected', correctedAt: '2027-01-01T00:00:02.000Z', verifiedAt: '2027-01-01T00:00:03.000Z' });
    const [steps] = plan([], [corrected]);
    expect(steps?.at(-1)).toEqual({
      cluster: 'prod',
      id: `${Date.parse(startedAt)}-1`,
      at: startedAt,
      kind: 'drift',
      runId: 'run-1',
      revision: 'new',
      sequence: 3,
      event: 'verified',
      object: deployment,
      class: 'value',
      changes: corrected.changes,
      actor: corrected.actor,
      decision: 'corrected',
      correctedAt: '2027-01-01T00:00:02.000Z',
      verifiedAt: '2027-01-01T00:00:03.000Z',
      resolvedAt: '2027-01-01T00:00:03.000Z',
      durationMs: 2000,
    });
    expect(steps?.[0]).not.toHaveProperty('correctedAt');
    expect(steps?.[0]).not.toHaveProperty('resolvedAt');
  });

  it('counts the time to correct from the opening of the record, not from the run that corrected it', () => {
    const [steps] = plan([open()], [fact({ decision: 'corrected', correctedAt: '2027-01-01T00:00:00.000Z' })]);
    expect(steps?.at(-1)).toMatchObject({ id: 'open-1', at: '2026-12-31T23:00:00.000Z', durationMs: 3_600_000 });
  });

  it('keeps who changed it when a later run cannot tell any more', () => {
    const opened = open({ actor: { manager: 'kubectl-edit' } });
    const { actor: _actor, ...unknown } = fact({ decision: 'corrected', correctedAt: startedAt });
    expect(plan([opened], [unknown])[0]?.at(-1)?.actor).toEqual({ manager: 'kubectl-edit' });
  });

  it('makes one record of two facts of the same class and object', () => {
    const [steps, ...others] = plan([], [fact(), fact({ changes: [{ path: 'spec.paused', live: true }] })]);
    expect(others).toEqual([]);
    expect(steps?.[0].changes.map(({ path }) => path)).toEqual(['spec.replicas', 'spec.paused']);
  });

  it('verifies a restart for a finding once that is gone, also where another one was refused in between', () => {
    const restarted = (at: string) => fact({ kind: 'image', class: 'run.mismatch', decision: 'applied', correctedAt: at });
    const first = plan([], [restarted(startedAt)]);
    expect(eventsOf(first)).toEqual(['1 opened, 2 corrected']);
    const refused = plan(first.map(lastOf), [fact({ kind: 'image', class: 'run.mismatch', decision: 'refused' })]);
    expect(eventsOf(refused)).toEqual(['3 changed']);
    expect(eventsOf(plan(first.map(lastOf), []))).toEqual(['3 verified']);
    expect(eventsOf(plan(refused.map(lastOf), []))).toEqual(['4 verified']);
    expect(eventsOf(plan(refused.map(lastOf), [restarted('2027-01-01T01:00:00.000Z')]))).toEqual(['4 corrected']);
  });

  it('keeps image findings apart by reference, whichever object is named for it', () => {
    const image = (reference: string, name: string) =>
      fact({ kind: 'image', class: 'ref.latest', decision: 'reported', object: { ...deployment, name }, changes: [{ path: reference }] });
    const opened = plan([], [image('r/web:latest', 'web'), image('r/api:latest', 'web')]).flat();
    expect(opened).toHaveLength(2);
    expect(plan(opened, [image('r/web:latest', 'worker'), image('r/api:latest', 'web')])).toEqual([]);
  });
});
