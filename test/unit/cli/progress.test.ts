import { describe, expect, it } from 'vitest';
import { createColors } from '../../../lib/cli/colors.ts';
import { describePosition, sayStep, withProgress } from '../../../lib/cli/progress.ts';
import { runRecord } from './fixtures.ts';
import { eksItem, emptyWorld, runCommand, type World } from './run-command.ts';

const CLEAR = '\r\x1b[2K';

/** A terminal, and a clock that the test moves. */
function watched(interactive: boolean) {
  const written: string[] = [];
  const waiting = new Map<() => void, number>();
  return {
    written,
    terminal: {
      out: () => {},
      error: (text: string) => void written.push(text),
      colors: createColors(false),
      columns: 100,
      timeZone: 'UTC',
      interactive,
    },
    delay: (callback: () => void, milliseconds: number) => {
      waiting.set(callback, milliseconds);
      return () => void waiting.delete(callback);
    },
    pass: (milliseconds: number) => {
      for (const [callback, after] of waiting) if (after <= milliseconds) callback();
    },
  };
}

describe('progress', () => {
  it('is silent of what takes less than two seconds', async () => {
    const { written, terminal, delay, pass } = watched(true);
    await withProgress('planning a', terminal, delay, async () => pass(1999));
    expect(written).toEqual([]);
  });

  it('says what is being done after two seconds, and leaves nothing behind', async () => {
    const { written, terminal, delay, pass } = watched(true);
    await withProgress('planning a', terminal, delay, async (progress) => {
      pass(2000);
      progress.update('planning b');
    });
    expect(written).toEqual([`${CLEAR}planning a …`, `${CLEAR}planning b …`, CLEAR]);
  });

  it('leaves nothing behind when the work fails', async () => {
    const { written, terminal, delay, pass } = watched(true);
    const failing = withProgress('planning a', terminal, delay, async () => {
      pass(2000);
      throw new Error('no answer');
    });
    await expect(failing).rejects.toThrow('no answer');
    expect(written.at(-1)).toBe(CLEAR);
  });

  it('is silent where nobody watches, however long it takes', async () => {
    const { written, terminal, delay, pass } = watched(false);
    await withProgress('planning a', terminal, delay, async () => pass(60_000));
    expect(written).toEqual([]);
  });

  it('keeps the steps on the way apart from the moving line, and to people who watch', () => {
    const [person, file] = [watched(true), watched(false)];
    for (const { terminal } of [person, file]) sayStep('downloading helm', terminal);
    expect([person.written, file.written]).toEqual([[`${CLEAR}downloading helm\n`], []]);
  });

  it('counts only where there are several', () => {
    expect([describePosition(0, 1), describePosition(1, 3)]).toEqual(['', ' (2 of 3)']);
  });
});

describe('a command that takes long', () => {
  function world(): World {
    const items = new Map(['a', 'b'].map((name) => [name, eksItem(name)]));
    return {
      ...emptyWorld(),
      items,
      watched: true,
      plan: async ({ cluster }) => ({ cluster, revision: 'a'.repeat(40), objects: 1, lines: [] }),
      reconcile: async ({ cluster }) => [runRecord({ cluster })],
    };
  }

  const CASES: readonly [command: string, says: readonly string[]][] = [
    ['plan', ['finding deployment plumbline', 'planning a (1 of 2)', 'planning b (2 of 2)']],
    ['plan a', ['finding deployment plumbline', 'planning a']],
    ['reconcile --all', ['finding deployment plumbline', 'reconciling a (1 of 2)', 'reconciling b (2 of 2)']],
    ['render --path .', ['rendering /nowhere']],
    ['status', ['finding deployment plumbline', 'reading what is known of the clusters']],
    ['records', ['finding deployment plumbline', 'reading records']],
    ['images', ['finding deployment plumbline', 'reading records']],
  ];

  it.each(CASES)('plumbline %s says what it is at', async (command, says) => {
    const { error } = await runCommand(world(), ...command.split(' '));
    expect(error).toBe(says.map((text) => `${CLEAR}${text} …${CLEAR}`).join(''));
  });
});
