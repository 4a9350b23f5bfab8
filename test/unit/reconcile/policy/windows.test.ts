import { describe, expect, it } from 'vitest';
import { closedAt, type Window } from '../../../../lib/reconcile/policy/windows.ts';

const HOUR = 3600;
const window = (kind: Window['kind'], schedule: string, hours: number, timeZone = 'UTC'): Window => ({
  kind,
  schedule,
  durationSeconds: hours * HOUR,
  timeZone,
});

/** Friday evening until Monday morning. */
const freeze = window('deny', '0 18 * * 5', 62);
const workingHours = window('allow', '0 9 * * 1-5', 8);

describe('windows', () => {
  it.each<[what: string, windows: readonly Window[], now: string, closed: string | 'open' | 'no end']>([
    ['without any it is open', [], '2026-01-02T20:00:00Z', 'open'],
    ['before a denial', [freeze], '2026-01-02T17:59:59Z', 'open'],
    ['at its very beginning', [freeze], '2026-01-02T18:00:00Z', '2026-01-05T08:00:00.000Z'],
    ['in the middle', [freeze], '2026-01-04T12:00:00Z', '2026-01-05T08:00:00.000Z'],
    ['at its very end', [freeze], '2026-01-05T08:00:00Z', 'open'],
    ['inside an allowance', [workingHours], '2026-01-05T09:00:00Z', 'open'],
    ['after it, until the next', [workingHours], '2026-01-05T17:00:00Z', '2026-01-06T09:00:00.000Z'],
    ['after the last of the week', [workingHours], '2026-01-02T17:00:00Z', '2026-01-05T09:00:00.000Z'],
    [
      'a denial wins over an allowance',
      [workingHours, window('deny', '0 12 * * *', 1)],
      '2026-01-05T12:30:00Z',
      '2026-01-05T13:00:00.000Z',
    ],
    [
      'a denial that ends outside the allowance lasts until the next one',
      [workingHours, window('deny', '0 16 * * 1', 2)],
      '2026-01-05T16:30:00Z',
      '2026-01-06T09:00:00.000Z',
    ],
    [
      'denials that follow one another are one',
      [window('deny', '0 10 * * *', 2), window('deny', '0 12 * * *', 2)],
      '2026-01-05T11:00:00Z',
      '2026-01-05T14:00:00.000Z',
    ],
    ['a denial that begins again before it ends has no end', [window('deny', '0 * * * *', 2)], '2026-01-05T11:00:00Z', 'no end'],
    ['in the zone’s own time', [window('deny', '0 18 * * *', 2, 'Europe/Berlin')], '2026-01-05T17:30:00Z', '2026-01-05T19:00:00.000Z'],
    ['in summer an hour earlier', [window('deny', '0 18 * * *', 2, 'Europe/Berlin')], '2026-07-06T17:30:00Z', '2026-07-06T18:00:00.000Z'],
  ])('%s', (_what, windows, now, closed) => {
    const found = closedAt(windows, new Date(now));
    expect(found === undefined ? 'open' : (found.until?.toISOString() ?? 'no end')).toBe(closed);
  });
});
