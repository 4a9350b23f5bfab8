import { describe, expect, it } from 'vitest';
import { formatProblems, groupProblems } from '../../../lib/cli/describe-problems.ts';
import type { ObjectRecord } from '../../../lib/records/record.ts';
import { driftRecord, screen } from './fixtures.ts';

function record(name: string, fields: Partial<ObjectRecord> = {}): ObjectRecord {
  const { actor: _actor, ...rest } = driftRecord({
    object: { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'shop', name },
    decision: 'failed',
    error: { reason: 'Invalid', message: `ConfigMap shop/${name}: "${name}" has a field too many.` },
    ...fields,
  });
  return rest;
}

describe('problems', () => {
  it('are one group where their messages differ in names only, the largest first', () => {
    const forbidden = { reason: 'Forbidden', message: 'ConfigMap shop/c: no.' };
    const groups = groupProblems([record('c', { error: forbidden }), record('aa'), record('bb')]);
    expect(groups).toEqual([
      { reason: 'Invalid', message: '"aa" has a field too many.', objects: ['ConfigMap shop/aa', 'ConfigMap shop/bb'] },
      { reason: 'Forbidden', message: 'no.', objects: ['ConfigMap shop/c'] },
    ]);
  });

  it('have the class for a reason where nothing went wrong with us', () => {
    const { error: _error, ...terminating } = record('a', { decision: 'blocked', class: 'terminating' });
    expect(groupProblems([terminating])).toEqual([{ reason: 'terminating', objects: ['ConfigMap shop/a'] }]);
  });

  it.each<[string, Partial<ObjectRecord>, number]>([
    ['applied', { decision: 'applied' }, 0],
    ['observed', { decision: 'observed' }, 0],
    ['over', { resolvedAt: '2026-01-01T00:00:00.000Z' }, 0],
    ['written and not verified', { decision: 'corrected', error: { reason: 'NotVerified', message: 'x' } }, 1],
    ['refused', { decision: 'refused' }, 1],
  ])('are only what does not settle by itself: %s', (_what, fields, count) => {
    expect(groupProblems([record('a', fields)])).toHaveLength(count);
  });

  it('are shown with every name once, whole, and no wider than the screen', () => {
    const names = Array.from({ length: 30 }, (_, index) => `settings-${index}`);
    const text = formatProblems(1_000, groupProblems(names.map((name) => record(name))), screen(80));
    expect(text.split('\n')[0]).toBe('30 of 1000 objects are not as Git says:');
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    for (const name of names) expect(text.split(/,\n? *|\n/).filter((part) => part.trim() === `ConfigMap shop/${name}`)).toHaveLength(1);
  });

  it('that are none are nothing to show', () => {
    expect(formatProblems(10, groupProblems([]), screen(80))).toBe('');
  });
});
