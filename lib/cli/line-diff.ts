/** A line of a text as a diff shows it: only before, only after, in both, or so many lines left out. */
export type DiffLine =
  | { readonly type: 'removed' | 'added' | 'same'; readonly text: string }
  | { readonly type: 'gap'; readonly lines: number };

export interface LineDiff {
  readonly removed: number;
  readonly added: number;
  /** Undefined when the texts differ in too many lines to find out which. */
  readonly lines: readonly DiffLine[] | undefined;
}

/** Lines shown around those that changed. */
const CONTEXT = 2;

/** Cells of the table of common subsequences: some 4 MB, and a hundredth of a second. */
const MAX_CELLS = 1_000_000;

type Step = Exclude<DiffLine, { type: 'gap' }>;

/**
 * The lines by which two texts differ, with two lines around them. A text's last line without a line break differs from one with it, and is
 * marked where only one of the two texts ends so.
 */
export function diffLines(before: string, after: string): LineDiff {
  const a = splitLines(before);
  const b = splitLines(after);
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  const middle = { a: a.slice(start, a.length - end), b: b.slice(start, b.length - end) };
  if (middle.a.length * middle.b.length > MAX_CELLS) return { removed: middle.a.length, added: middle.b.length, lines: undefined };

  const same = (text: string): Step => ({ type: 'same', text });
  const changed = diffMiddle(middle.a, middle.b);
  const steps = [...a.slice(0, start).map(same), ...changed, ...a.slice(a.length - end).map(same)];
  const number = (type: Step['type']) => changed.filter((step) => step.type === type).length;
  const marked = before.endsWith('\n') !== after.endsWith('\n') && before !== '' && after !== '';
  return { removed: number('removed'), added: number('added'), lines: withContext(steps).map((line) => shown(line, marked)) };
}

/** Each with the line break that ends it, so that texts are equal when their lines are. */
function splitLines(text: string): readonly string[] {
  return text === '' ? [] : text.split(/(?<=\n)/);
}

/** By the longest common subsequence; removed lines come before the added ones that stand in their place. */
function diffMiddle(a: readonly string[], b: readonly string[]): readonly Step[] {
  const width = b.length + 1;
  const lengths = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number) => lengths[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      lengths[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const steps: Step[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const [removed, added] = [a[i], b[j]];
    if (removed !== undefined && removed === added) {
      steps.push({ type: 'same', text: removed });
      i += 1;
      j += 1;
    } else if (removed !== undefined && (added === undefined || at(i + 1, j) >= at(i, j + 1))) {
      steps.push({ type: 'removed', text: removed });
      i += 1;
    } else if (added !== undefined) {
      steps.push({ type: 'added', text: added });
      j += 1;
    }
  }
  return steps;
}

function withContext(steps: readonly Step[]): readonly DiffLine[] {
  const near = new Uint8Array(steps.length);
  steps.forEach(({ type }, index) => {
    if (type !== 'same') near.fill(1, Math.max(0, index - CONTEXT), index + CONTEXT + 1);
  });
  const lines: DiffLine[] = [];
  let skipped = 0;
  const skip = () => {
    if (skipped > 0) lines.push({ type: 'gap', lines: skipped });
    skipped = 0;
  };
  steps.forEach((step, index) => {
    if (near[index] === 0) {
      skipped += 1;
      return;
    }
    skip();
    lines.push(step);
  });
  skip();
  return lines;
}

function shown(line: DiffLine, marked: boolean): DiffLine {
  if (line.type === 'gap') return line;
  const ended = line.text.endsWith('\n');
  return { type: line.type, text: ended ? line.text.slice(0, -1) : `${line.text}${marked ? ' (no line break at the end)' : ''}` };
}
