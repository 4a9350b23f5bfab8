import { shortenPair } from './change-view.ts';
import type { DiffLine, LineDiff } from './line-diff.ts';
import { count, printable, shorten, widthOf } from './text.ts';

/** A line of a unified diff, with its sign, at most as wide as asked for and printable. */
export interface ShownLine {
  readonly type: 'removed' | 'added' | 'same' | 'note';
  readonly text: string;
}

const SIGNS = { removed: '-', added: '+', same: ' ' } as const;

/** `3 lines removed, 4 added`. */
export function describeLineSums({ removed, added }: LineDiff): string {
  if (added === 0) return `${count(removed, 'line')} removed`;
  return removed === 0 ? `${count(added, 'line')} added` : `${count(removed, 'line')} removed, ${added} added`;
}

/** At most `limit` lines of a diff and one that counts the rest; long lines are cut so that the difference stays in sight. */
export function showLines({ lines }: LineDiff, width: number, limit: number): readonly ShownLine[] {
  if (lines === undefined) return [{ type: 'note', text: '(too many lines to tell which; --json has all)' }];
  const shown = fitBlocks(expandTabs(lines), width - 1);
  const rest = lines.length - limit;
  if (rest <= 0) return shown;
  return [...shown.slice(0, limit), { type: 'note', text: `(${count(rest, 'more line')} of the diff; --json has all)` }];
}

/** Tabs as four spaces, unless lines differ in nothing else: then they stay, and are shown as what they are. */
function expandTabs(lines: readonly DiffLine[]): readonly DiffLine[] {
  const expanded = lines.map((line) => (line.type === 'gap' ? line : { ...line, text: line.text.replaceAll('\t', '    ') }));
  const texts = (type: DiffLine['type']) => new Set(expanded.flatMap((line) => (line.type === type && 'text' in line ? [line.text] : [])));
  const added = texts('added');
  return [...texts('removed')].some((text) => added.has(text)) ? lines : expanded;
}

/** Where as many lines were added as removed, each is cut together with the one that stands in its place. */
function fitBlocks(lines: readonly DiffLine[], width: number): readonly ShownLine[] {
  const shown: ShownLine[] = [];
  for (let index = 0; index < lines.length; ) {
    const removed = textsFrom(lines, index, 'removed');
    const added = textsFrom(lines, index + removed.length, 'added');
    const line = lines[index];
    if (removed.length === 0 && added.length === 0 && line !== undefined) {
      shown.push(
        line.type === 'gap' ? { type: 'note', text: `… ${count(line.lines, 'line')} unchanged` } : asShown(line.type, line.text, width),
      );
      index += 1;
      continue;
    }
    const paired = removed.length === added.length;
    const pairs = removed.map((text, each) => (paired ? fitPair(text, added[each] ?? '', width) : undefined));
    shown.push(...removed.map((text, each) => asShown('removed', pairs[each]?.[0] ?? text, width)));
    shown.push(...added.map((text, each) => asShown('added', pairs[each]?.[1] ?? text, width)));
    index += removed.length + added.length;
  }
  return shown;
}

function textsFrom(lines: readonly DiffLine[], from: number, type: 'removed' | 'added'): readonly string[] {
  const texts: string[] = [];
  for (let line = lines[from]; line?.type === type; line = lines[from + texts.length]) texts.push(printable(line.text));
  return texts;
}

function fitPair(removed: string, added: string, width: number): readonly [string, string] {
  return widthOf(removed) <= width && widthOf(added) <= width ? [removed, added] : shortenPair(removed, added, 2 * width);
}

function asShown(type: keyof typeof SIGNS, text: string, width: number): ShownLine {
  return { type, text: `${SIGNS[type]}${shorten(printable(text), width)}` };
}
