import { describe, expect, it } from 'vitest';
import { diffLines, type LineDiff } from '../../../lib/cli/line-diff.ts';
import { createRandom } from '../../helpers/random.ts';

const NUMBERS = Array.from({ length: 12 }, (_, index) => `line ${index + 1}\n`);

function edited(index: number, text: string): string {
  return NUMBERS.with(index, text).join('');
}

/** As a reader sees it: a sign and the line, a gap as its number. */
function written({ lines }: LineDiff): readonly string[] | undefined {
  const signs = { removed: '-', added: '+', same: ' ' } as const;
  return lines?.map((line) => (line.type === 'gap' ? `@${line.lines}` : `${signs[line.type]}${line.text}`));
}

const CASES: readonly [behaviour: string, before: string, after: string, lines: readonly string[]][] = [
  ['says nothing but the gap of equal texts', 'a\nb\n', 'a\nb\n', ['@2']],
  [
    'shows two lines around a changed one and counts the others',
    NUMBERS.join(''),
    edited(5, 'changed\n'),
    ['@3', ' line 4', ' line 5', '-line 6', '+changed', ' line 7', ' line 8', '@4'],
  ],
  ['shows only what an insertion adds', 'a\nb\n', 'a\nnew\nb\n', [' a', '+new', ' b']],
  ['shows only what a removal removes', 'a\nold\nb\n', 'a\nb\n', [' a', '-old', ' b']],
  ['keeps what moved apart from what stayed', 'a\nb\nc\n', 'b\nc\na\n', ['-a', ' b', ' c', '+a']],
  ['shows every line of a text that is new', '', 'a\nb\n', ['+a', '+b']],
  ['shows every line of a text that is gone', 'a\nb', '', ['-a', '-b']],
  ['says which side has no line break at the end', 'a\nb', 'a\nb\n', [' a', '-b (no line break at the end)', '+b']],
  [
    'is not deceived by a line that says it has none',
    'a\nb (no line break at the end)\n',
    'a\nb',
    [' a', '-b (no line break at the end)', '+b (no line break at the end)'],
  ],
  ['does not mark what neither side has', 'a\nb', 'a\nc', [' a', '-b', '+c']],
  ['tells a carriage return from none', 'a\r\nb\r\n', 'a\nb\r\n', ['-a\r', '+a', ' b\r']],
];

describe('diffLines', () => {
  it.each(CASES)('%s', (_, before, after, lines) => {
    expect(written(diffLines(before, after))).toEqual(lines);
  });

  it('counts the lines without saying which where there are too many to compare', () => {
    const text = (name: string) => Array.from({ length: 1500 }, (_, index) => `${name} ${index}\n`).join('');
    expect(diffLines(text('old'), text('new'))).toEqual({ removed: 1500, added: 1500, lines: undefined });
  });

  it('compares a few changes in a long text', () => {
    const lines = Array.from({ length: 50_000 }, (_, index) => `${index}\n`);
    expect(diffLines(lines.join(''), lines.with(25_000, 'new\n').join(''))).toMatchObject({ removed: 1, added: 1 });
  });

  it('has every line of both texts in order, whatever they are', () => {
    const random = createRandom(7);
    const text = () => Array.from({ length: 1 + random.integer(12) }, () => `${random.pick(['a', 'b', 'c'])}\n`).join('');
    for (let round = 0; round < 500; round += 1) {
      const [before, after] = [text(), text()];
      const { lines = [] } = diffLines(before, after);
      const rebuilt = (without: 'removed' | 'added', whole: string) => {
        let at = 0;
        const all = whole.split('\n');
        return lines
          .filter((line) => line.type !== without)
          .flatMap((line) => {
            const texts = line.type === 'gap' ? all.slice(at, at + line.lines) : [line.text];
            at += texts.length;
            return texts;
          })
          .map((line) => `${line}\n`)
          .join('');
      };
      expect([rebuilt('added', before), rebuilt('removed', after)], `${before}---\n${after}`).toEqual([before, after]);
    }
  });
});
