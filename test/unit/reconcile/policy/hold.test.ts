import { describe, expect, it } from 'vitest';
import { holdEnd } from '../../../../lib/reconcile/policy/hold.ts';

const openedAt = new Date('2026-01-01T12:00:00Z');
const DAY = 86_400;

describe('a hold', () => {
  it.each<[text: string, limitSeconds: number, end: string | undefined]>([
    ['2026-01-01T18:00:00Z', DAY, '2026-01-01T18:00:00.000Z'],
    ['2026-01-01T18:00:00+02:00', DAY, '2026-01-01T16:00:00.000Z'],
    ['2026-01-01T18:00Z', DAY, '2026-01-01T18:00:00.000Z'],
    ['2h', DAY, '2026-01-01T14:00:00.000Z'],
    ['1h30m', DAY, '2026-01-01T13:30:00.000Z'],
    // Never longer than the row's limit.
    ['2027-01-01T00:00:00Z', DAY, '2026-01-02T12:00:00.000Z'],
    ['30d', DAY, '2026-01-02T12:00:00.000Z'],
    ['2h', 0, '2026-01-01T12:00:00.000Z'],
    // In the past: it is over.
    ['2025-01-01T00:00:00Z', DAY, '2025-01-01T00:00:00.000Z'],
    ['tomorrow', DAY, undefined],
    ['', DAY, undefined],
    ['2026-01-01T18:00:00', DAY, undefined],
    ['2026-01-01', DAY, undefined],
    ['2026-13-01T00:00:00Z', DAY, undefined],
    ['2', DAY, undefined],
    ['-2h', DAY, undefined],
  ])('%j, at most %d s', (text, limitSeconds, end) => {
    expect(holdEnd(text, openedAt, limitSeconds)?.toISOString()).toBe(end);
  });
});
