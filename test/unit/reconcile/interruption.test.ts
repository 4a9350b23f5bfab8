import { describe, expect, it } from 'vitest';
import type { CompletedRun, Ending } from '../../../lib/reconcile/ending.ts';
import { interruptedBefore, interruptedEnding } from '../../../lib/reconcile/interruption.ts';
import type { Fact } from '../../../lib/records/fact.ts';

function fact(name: string, fields: Partial<Fact>): Fact {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'shop', name };
  return { kind: 'rollout', object, class: 'created', changes: [], decision: 'applied', ...fields };
}

function left(name: string): Fact {
  const error = interruptedBefore({ id: { group: '', kind: 'ConfigMap', namespace: 'shop', name } });
  return fact(name, { decision: 'failed', error });
}

function completed(facts: readonly Fact[]): CompletedRun {
  return {
    state: 'completed',
    revision: 'a'.repeat(40),
    leaseExpiresAt: '2026-11-25T12:05:00.000Z',
    fence: 1,
    serverVersion: 'v1.36.0',
    objects: 40,
    facts,
    open: [],
    closes: () => false,
    suspended: false,
    runRecordId: undefined,
    rollouts: { progressing: 0, degraded: 0 },
    contested: undefined,
    inventory: undefined,
    remembered: { checkpoint: undefined, sweep: '', verifiedAt: new Date(0) },
    appliedArtifact: undefined,
  };
}

describe('interruptedEnding', () => {
  it('counts objects, not what there is to say of them', () => {
    const ending = completed([fact('a', {}), left('b'), left('c'), { ...left('c'), kind: 'drift' }]);
    expect(interruptedEnding('prod-eu', ending)).toMatchObject({
      failure: {
        reason: 'Interrupted',
        message:
          'cluster prod-eu: interrupted: 38 of 40 objects were dealt with; what was done is recorded. The next run goes on from there.',
      },
    });
  });

  it('leaves a run as it is that was through all the same', () => {
    const ending = completed([fact('a', {}), fact('b', { decision: 'failed', error: { reason: 'Invalid', message: 'x' } })]);
    expect(interruptedEnding('prod-eu', ending)).toBe(ending);
  });

  it('does not let a cluster wait longer for its next run since somebody interrupted this one', () => {
    const stopped: Ending = {
      state: 'stopped',
      outcome: 'failed',
      revision: '',
      failure: { reason: 'Error', message: 'x' },
      backsOff: true,
    };
    expect(interruptedEnding('prod-eu', stopped)).toMatchObject({ outcome: 'failed', failure: { reason: 'Interrupted' }, backsOff: false });
  });

  it('leaves a run as it is that was not to do anything', () => {
    const off: Ending = { state: 'stopped', outcome: 'off', revision: '', backsOff: false };
    expect(interruptedEnding('prod-eu', off)).toBe(off);
  });
});
