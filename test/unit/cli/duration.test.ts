import { describe, expect, it } from 'vitest';
import { describeDuration, parseDurationOption, parseSince } from '../../../lib/cli/duration.ts';

describe('parseDurationOption', () => {
  it.each([
    ['90s', 90],
    ['2h', 7200],
    ['1h30m', 5400],
    ['3d', 259_200],
  ])('reads %s', (text, seconds) => {
    expect(parseDurationOption('--for', text)).toBe(seconds);
  });

  it.each(['', '2', 'h', '-1h', '2 h', '0m', '2w', '1.5h', '99999999d'])('refuses "%s" and names the option', (text) => {
    expect(() => parseDurationOption('--for', text)).toThrow(/^--for: ".*" is not a duration\. Give/);
  });
});

describe('describeDuration', () => {
  it.each([
    [0, '0 s'],
    [812, '0.8 s'],
    [40_000, '40 s'],
    [59_600, '1 m'],
    [125_000, '2 m 5 s'],
    [7_500_000, '2 h 5 m'],
    [10_800_000, '3 h'],
    [352_800_000, '4 d 2 h'],
    [-5, '0 s'],
  ])('%i ms is %s', (milliseconds, text) => {
    expect(describeDuration(milliseconds)).toBe(text);
  });
});

describe('parseSince', () => {
  const now = new Date('2026-11-25T12:00:00Z');
  it.each([
    ['1h', '2026-11-25T11:00:00.000Z'],
    ['2026-11-25', '2026-11-25T00:00:00.000Z'],
    ['2026-11-25T08:30:00Z', '2026-11-25T08:30:00.000Z'],
  ])('reads %s', (text, moment) => {
    expect(parseSince(text, now)).toBe(moment);
  });

  it.each(['yesterday', '1', '2026-13-45', '1h ago'])('refuses "%s"', (text) => {
    expect(() => parseSince(text, now)).toThrow(/^--since: /);
  });
});
