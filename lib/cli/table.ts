import type { Colors } from './colors.ts';
import { printable } from './text.ts';

export type Tone = 'good' | 'warning' | 'bad' | 'quiet' | 'plain';

/** A cell of one or more lines; the tone becomes a colour on a terminal and nothing elsewhere. */
export interface Cell {
  readonly lines: readonly string[];
  readonly tone?: Tone;
}

export interface Row {
  readonly cells: readonly Cell[];
  /** Sentences beneath the row, indented: a failure and its remedy. */
  readonly beneath?: readonly Cell[];
}

export function cell(text: string | readonly string[], tone: Tone = 'plain'): Cell {
  return { lines: typeof text === 'string' ? [text] : text, tone };
}

/** Columns as wide as their longest line, two spaces between, nothing after the last: golden tests and `awk` can read it. */
export function formatTable(headings: readonly string[], rows: readonly Row[], colors: Colors): string {
  const all = rows.map((row) => row.cells.map((value) => value.lines.map(printable)));
  const widths = headings.map((heading, column) => Math.max(width(heading), ...all.flatMap((cells) => (cells[column] ?? []).map(width))));
  const output = [
    colors.bold(
      headings
        .map((heading, column) => pad(heading, widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    ),
  ];
  rows.forEach((row, index) => {
    const cells = all[index] ?? [];
    const height = Math.max(1, ...cells.map((lines) => lines.length));
    for (let line = 0; line < height; line += 1) output.push(formatLine(row, cells, line, widths, colors));
    for (const note of row.beneath ?? []) for (const text of note.lines) output.push(`  ${paint(printable(text), note.tone, colors)}`);
  });
  return `${output.join('\n')}\n`;
}

function formatLine(row: Row, cells: readonly (readonly string[])[], line: number, widths: readonly number[], colors: Colors): string {
  const texts = widths.map((_, column) => cells[column]?.[line] ?? '');
  const last = texts.findLastIndex((text) => text !== '');
  return texts
    .slice(0, last + 1)
    .map((text, column) => {
      const padding = column === last ? '' : ' '.repeat((widths[column] ?? 0) - width(text));
      return `${paint(text, row.cells[column]?.tone, colors)}${padding}`;
    })
    .join('  ');
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
    default:
      return text;
  }
}

function width(text: string): number {
  return [...text].length;
}

function pad(text: string, length: number): string {
  return text + ' '.repeat(Math.max(0, length - width(text)));
}
