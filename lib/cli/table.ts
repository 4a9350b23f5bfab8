import type { Colors } from './colors.ts';
import type { Screen } from './terminal.ts';
import { printable, shorten, widthOf, wrap } from './text.ts';

export type Tone = 'good' | 'warning' | 'bad' | 'quiet' | 'strong' | 'plain';

/** A piece of text; the tone becomes a colour on a terminal and nothing elsewhere. */
export interface Cell {
  readonly text: string;
  readonly tone?: Tone;
}

/** Pieces of one line, in a row. */
export type Line = readonly Cell[];

export interface Column {
  readonly heading: string;
  /** Gives way where the terminal is too narrow: its cells are broken at spaces, then shortened in the middle. */
  readonly flexible?: boolean;
}

export interface Row {
  readonly cells: readonly Cell[];
  /** Lines beneath the row, indented; at most `noteWidth` wide. */
  readonly beneath?: readonly Line[];
}

const GAP = 2;
const INDENT = 2;

/** A column that gives way keeps at least this much. */
const MIN_WIDTH = 8;

export function cell(text: string, tone: Tone = 'plain'): Cell {
  return { text, tone };
}

/** How wide a line beneath a row may be. */
export function noteWidth(screen: Screen): number {
  return screen.columns - INDENT;
}

/** A sentence as lines that fit beneath a row. */
export function sentence(text: string, tone: Tone, screen: Screen): readonly Line[] {
  return wrap(printable(text), noteWidth(screen)).map((line) => [cell(line, tone)]);
}

/** Columns as wide as what is in them, two spaces between, nothing after the last; no wider than the screen where columns can give way. */
export function formatTable(columns: readonly Column[], rows: readonly Row[], screen: Screen): string {
  const texts = rows.map((row) => columns.map((_, index) => printable(row.cells[index]?.text ?? '')));
  const widths = fitWidths(columns, texts, screen.columns);
  const output = [screen.colors.bold(joinColumns(columns.map(({ heading }) => heading)))];
  rows.forEach((row, index) => {
    const wrapped = (texts[index] ?? []).map((text, column) => fitCell(text, widths[column] ?? 0));
    const height = Math.max(1, ...wrapped.map((lines) => lines.length));
    for (let line = 0; line < height; line += 1) {
      const parts = wrapped.map((lines) => lines[line] ?? '');
      output.push(joinColumns(parts, row.cells));
    }
    for (const line of row.beneath ?? []) output.push(`${' '.repeat(INDENT)}${formatLine(line, screen.colors)}`);
  });
  return `${output.join('\n')}\n`;

  function joinColumns(parts: readonly string[], cells: readonly Cell[] = []): string {
    const last = parts.findLastIndex((text) => text !== '');
    return parts
      .slice(0, last + 1)
      .map((text, column) => {
        const padding = column === last ? '' : ' '.repeat((widths[column] ?? 0) - widthOf(text));
        return `${paint(text, cells[column]?.tone, screen.colors)}${padding}`;
      })
      .join(' '.repeat(GAP));
  }
}

/** First the columns that can give way become as narrow as their longest word, since that loses nothing; then narrower. */
function fitWidths(columns: readonly Column[], rows: readonly (readonly string[])[], available: number): readonly number[] {
  const column = (index: number) => rows.map((row) => row[index] ?? '');
  const widths = columns.map(({ heading }, index) => Math.max(widthOf(heading), ...column(index).map(widthOf)));
  const words = columns.map(({ heading }, index) =>
    Math.max(widthOf(heading), ...column(index).flatMap((text) => text.split(' ').map(widthOf))),
  );
  const narrowest = columns.map(({ heading }) => Math.max(MIN_WIDTH, widthOf(heading)));
  for (const floors of [words, narrowest]) {
    for (;;) {
      const excess = widths.reduce((sum, width) => sum + width, GAP * (widths.length - 1)) - available;
      const giving = columns.flatMap((each, index) =>
        each.flexible === true && (widths[index] ?? 0) > (floors[index] ?? 0) ? [index] : [],
      );
      const [widest] = giving.toSorted((a, b) => (widths[b] ?? 0) - (widths[a] ?? 0));
      if (excess <= 0 || widest === undefined) break;
      widths[widest] = (widths[widest] ?? 0) - 1;
    }
  }
  return widths;
}

function fitCell(text: string, width: number): readonly string[] {
  if (widthOf(text) <= width) return [text];
  return wrap(
    text
      .split(' ')
      .map((word) => shorten(word, width))
      .join(' '),
    width,
  );
}

/** The pieces of a line, each in its tone. */
export function formatLine(line: Line, colors: Colors): string {
  return line.map(({ text, tone }) => paint(printable(text), tone, colors)).join('');
}

export function paint(text: string, tone: Tone | undefined, colors: Colors): string {
  switch (tone) {
    case 'good':
      return colors.green(text);
    case 'warning':
      return colors.yellow(text);
    case 'bad':
      return colors.red(text);
    case 'quiet':
      return colors.dim(text);
    case 'strong':
      return colors.bold(text);
    default:
      return text;
  }
}
