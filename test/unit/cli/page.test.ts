import { describe, expect, it } from 'vitest';
import { describeMoment, describeMoments, describeZone } from '../../../lib/cli/moment.ts';
import { cell, formatTable } from '../../../lib/cli/table.ts';
import { createTerminal } from '../../../lib/cli/terminal.ts';
import { wrap } from '../../../lib/cli/text.ts';
import { screen } from './fixtures.ts';

const NOW = new Date('2026-11-25T12:00:00Z');

describe('describeMoment', () => {
  it.each([
    ['2026-11-25T09:05:07.123Z', 'UTC', '09:05:07'],
    ['2026-11-24T09:05:07Z', 'UTC', '24 Nov 09:05'],
    ['2025-11-24T09:05:07Z', 'UTC', '24 Nov 2025 09:05'],
    ['2026-11-24T23:30:00Z', 'Europe/Berlin', '00:30:00'],
    ['2026-11-25T00:30:00Z', 'America/New_York', '24 Nov 19:30'],
    ['noon', 'UTC', 'noon'],
  ])('%s is in %s %s', (moment, timeZone, text) => {
    expect(describeMoment(moment, NOW, { timeZone })).toBe(text);
  });

  it('finds the moments in a sentence', () => {
    expect(describeMoments('locked at 2026-11-25T09:05:07.123Z, by us', NOW, screen())).toBe('locked at 09:05:07, by us');
  });

  it.each([
    ['UTC', 'UTC'],
    ['Etc/UTC', 'UTC'],
    ['Europe/Berlin', 'UTC+1'],
    ['Asia/Kolkata', 'UTC+5:30'],
  ])('%s is shown as %s', (timeZone, text) => {
    expect(describeZone(NOW, { timeZone })).toBe(text);
  });
});

describe('wrap', () => {
  it.each([
    ['one two three', 7, ['one two', 'three']],
    ['a word-that-is-long b', 6, ['a', 'word-t', 'hat-is', '-long', 'b']],
    ['', 5, ['']],
  ])('%j at %i is %j', (text, width, lines) => {
    expect(wrap(text, width)).toEqual(lines);
  });
});

describe('formatTable', () => {
  const rows = [{ cells: [cell('one'), cell('Deployment shop/recommendations'), cell('yes')] }];
  const format = (columns: number) =>
    formatTable([{ heading: 'A' }, { heading: 'OBJECT', flexible: true }, { heading: 'B' }], rows, screen(columns));

  it('is as wide as what is in it where there is room', () => {
    expect(`\n${format(60)}`).toBe(`
A    OBJECT                           B
one  Deployment shop/recommendations  yes
`);
  });

  it('breaks cells at spaces before it cuts anything', () => {
    expect(`\n${format(31)}`).toBe(`
A    OBJECT                 B
one  Deployment             yes
     shop/recommendations
`);
  });

  it('shortens in the middle what is still too wide', () => {
    expect(`\n${format(25)}`).toBe(`
A    OBJECT           B
one  Deployment       yes
     shop/re…dations
`);
  });
});

describe('createTerminal', () => {
  const stream = (isTTY: boolean, columns?: number) => ({ isTTY, write: () => true, ...(columns === undefined ? {} : { columns }) });
  it.each([
    ['a terminal', stream(true, 133), {}, 133, true],
    ['a narrow terminal', stream(true, 20), {}, 80, true],
    ['a terminal of unknown width', stream(true, 0), {}, 100, true],
    ['a file', stream(false, 133), {}, 100, false],
    ['a terminal without colour', stream(true, 80), { NO_COLOR: '1' }, 80, false],
  ])('knows the width and colour of %s', (_, stdout, environment, columns, colour) => {
    const terminal = createTerminal(stdout, stdout, environment);
    expect([terminal.columns, terminal.colors.isColorSupported]).toEqual([columns, colour]);
  });
});
