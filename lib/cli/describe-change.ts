import type { FieldChange } from '../records/record.ts';
import { type Pair, shortenPair, viewChange } from './change-view.ts';
import { describeLineSums, type ShownLine, showLines } from './show-lines.ts';
import { cell, type Line, type Tone } from './table.ts';
import { printable, shorten, widthOf } from './text.ts';

const ARROW = ' → ';
const INDENT = '  ';

/** Of a text with more changed lines, the rest is counted. */
const LINES_SHOWN = 60;

/**
 * `path: live → desired`, on two lines where one would be wider than `width`; long texts by the lines that changed, lists in another order
 * as such, a Secret's values only as changed. Long values are shortened where both are the same.
 */
export function describeChange(change: FieldChange, width: number): readonly Line[] {
  const path = printable(change.path);
  const view = viewChange(change);
  switch (view.type) {
    case 'path':
      return [[cell(shorten(path, width))]];
    case 'hidden':
      return [[cell(`${shorten(path, width - 20)}: changed `), cell('(redacted)', 'quiet')]];
    case 'order':
      return describePair(path, 'order: ', view.sides, width);
    case 'values':
      return describePair(path, '', view.sides, width);
    case 'lines': {
      const sums = describeLineSums(view.diff);
      const lines = showLines(view.diff, width - INDENT.length, LINES_SHOWN);
      return [[cell(`${shorten(path, width - widthOf(sums) - 2)}: `), cell(sums, 'quiet')], ...lines.map(lineOf)];
    }
  }
}

function describePair(path: string, label: string, [live, desired]: Pair, width: number): readonly Line[] {
  if (widthOf(`${path}: ${label}${live}${ARROW}${desired}`) <= width) return [[cell(`${path}: ${label}`), ...sides(live, desired)]];
  const room = width - INDENT.length - widthOf(label) - ARROW.length;
  return [[cell(`${shorten(path, width - 1)}:`)], [cell(`${INDENT}${label}`), ...sides(...shortenPair(live, desired, room))]];
}

function sides(live: string, desired: string): Line {
  return [cell(live, 'bad'), cell(ARROW), cell(desired, 'good')];
}

const TONES: Readonly<Record<ShownLine['type'], Tone>> = { removed: 'bad', added: 'good', same: 'plain', note: 'quiet' };

function lineOf({ type, text }: ShownLine): Line {
  return [cell(`${INDENT}${text}`, TONES[type])];
}
