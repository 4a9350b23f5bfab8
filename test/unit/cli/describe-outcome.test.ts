import { describe, expect, it } from 'vitest';
import { describeOutcome } from '../../../lib/cli/describe-outcome.ts';
import type { ObjectRecord } from '../../../lib/records/record.ts';
import { driftRecord } from './fixtures.ts';

const NOW = new Date('2026-11-25T12:00:00Z');
const SEEN = '2026-11-25T11:58:00.000Z';
const CORRECTED = '2026-11-25T11:58:00.300Z';
const changedAt = (at: string) => ({ manager: 'kubectl-edit', operation: 'Update' as const, at });

const CASES: readonly [behaviour: string, record: Partial<ObjectRecord>, text: string | undefined][] = [
  [
    'says how long the drift lived, and how fast it went once it was seen',
    { actor: changedAt('2026-11-25T11:57:13Z'), correctedAt: CORRECTED, verifiedAt: CORRECTED, resolvedAt: CORRECTED },
    'corrected 47 s after the change, 0.3 s after it was seen, and verified',
  ],
  [
    'claims nothing about the change where nobody knows when it was',
    { actor: { manager: 'unknown' }, correctedAt: CORRECTED, verifiedAt: CORRECTED, resolvedAt: CORRECTED },
    'corrected 0.3 s after it was seen, and verified',
  ],
  [
    'takes no later write of the same manager for the change',
    { actor: changedAt('2026-11-25T11:59:00Z'), correctedAt: '2026-11-25T11:59:30Z' },
    'corrected 1 m 30 s after it was seen; not verified yet',
  ],
  ['says how long drift is open since the change', { actor: changedAt('2026-11-25T11:57:00Z') }, 'open for 3 m since the change'],
  ['says how long drift is open since it was seen', { actor: { manager: 'unknown' } }, 'open for 2 m since it was seen'],
  [
    'says that drift went away by itself',
    { resolvedAt: '2026-11-25T11:59:00Z' },
    'no longer so 1 m after it was seen, without a write of ours',
  ],
  [
    'says how long drift is held',
    { decision: 'held', heldUntil: '2026-11-25T13:30:00Z', actor: changedAt('2026-11-25T11:57:00Z') },
    'held for another 1 h 30 m',
  ],
  [
    'says how long a rollout waits for a window',
    { kind: 'rollout', decision: 'held', heldUntil: '2026-11-25T12:05:00Z' },
    'held for another 5 m',
  ],
  [
    'says how long a field is left to its rival, although it was corrected once',
    { decision: 'backed-off', heldUntil: '2026-11-25T12:05:00Z', correctedAt: CORRECTED },
    'left to its rival for another 5 m',
  ],
  ['says how long a suspension lasts', { decision: 'suspended', heldUntil: '2026-11-25T12:05:00Z' }, 'suspended for another 5 m'],
  [
    'holds nothing beyond its time',
    { decision: 'held', heldUntil: '2026-11-25T12:00:00Z', actor: { manager: 'unknown' } },
    'open for 2 m since it was seen',
  ],
  ['says how long a rollout waits', { kind: 'rollout', decision: 'blocked' }, 'open for 2 m since it was seen'],
  ['has nothing to add to a rollout that was verified', { kind: 'rollout', correctedAt: CORRECTED, verifiedAt: CORRECTED }, undefined],
  ['has nothing to add to an open finding about an image', { kind: 'image' }, undefined],
  [
    'says that pods with other bytes were restarted, and not yet looked at again',
    { kind: 'image', correctedAt: CORRECTED },
    'restarted 0.3 s after it was seen; not verified yet',
  ],
  [
    'says that pods with other bytes were restarted, and that it worked',
    { kind: 'image', correctedAt: CORRECTED, verifiedAt: CORRECTED, resolvedAt: CORRECTED },
    'restarted 0.3 s after it was seen, and verified',
  ],
  ['says when a finding about an image ended', { kind: 'image', resolvedAt: '2026-11-25T11:59:00Z' }, 'no longer so 1 m after it was seen'],
];

describe('describeOutcome', () => {
  it.each(CASES)('%s', (_, record, text) => {
    expect(describeOutcome(driftRecord({ at: SEEN, ...record }), NOW)?.text).toBe(text);
  });
});
