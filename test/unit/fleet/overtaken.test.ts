import { expect, it } from 'vitest';
import { isOvertaken } from '../../../lib/fleet/overtaken.ts';

const tickAt = new Date('2027-01-01T00:01:00.000Z');

it.each([
  ['no run was there yet', undefined, false],
  ['no run has ended yet', {}, false],
  ['the last run ended before it', { lastRunAt: '2027-01-01T00:00:59.999Z' }, false],
  ['the last run ended at that moment', { lastRunAt: '2027-01-01T00:01:00.000Z' }, false],
  ['a run has ended since', { lastRunAt: '2027-01-01T00:01:00.001Z' }, true],
])('when %s, a tick is overtaken: %s → %s', (_when, state, overtaken) => {
  expect(isOvertaken(tickAt, state)).toBe(overtaken);
});
