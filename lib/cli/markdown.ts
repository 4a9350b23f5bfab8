/**
 * Text from clusters and Git as Markdown shows it: in code spans and fences that the text cannot end, where neither markup nor HTML is read
 * and GitHub links neither names nor addresses.
 */
import { printable, shorten } from './text.ts';

/** Longer than any name that Kubernetes accepts with kind and namespace. */
const SPAN_LENGTH = 700;

/** A code span on one line. */
export function codeSpan(text: string): string {
  const line = shorten(printable(text), SPAN_LENGTH);
  if (line.trim() === '') return '` `';
  const ticks = '`'.repeat(longestRun(line) + 1);
  const padding = /^[` ]|[` ]$/.test(line) ? ' ' : '';
  return `${ticks}${padding}${line}${padding}${ticks}`;
}

/** The same inside an HTML block, where Markdown is not read. */
export function htmlCode(text: string): string {
  const escaped = shorten(printable(text), SPAN_LENGTH).replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
  return `<code>${escaped}</code>`;
}

/** A fenced block in colours of a diff: red for lines that begin with `-`, green for `+`. */
export function diffFence(lines: readonly string[]): string {
  const body = lines.map(printable).join('\n');
  const ticks = '`'.repeat(Math.max(3, longestRun(body) + 1));
  return `${ticks}diff\n${body}\n${ticks}`;
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map(({ length }) => length));
}
