import { type Colors, createColors } from './colors.ts';

/** Where the command writes: standard output for results, standard error for progress and errors. */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly error: (text: string) => void;
  /** Colours of standard output. */
  readonly colors: Colors;
  /** Whether standard error is a terminal: progress is for people who watch. */
  readonly interactive: boolean;
}

interface Stream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** The terminal of a process. NO_COLOR, when not empty, turns colour off as https://no-color.org has it. */
export function createTerminal(stdout: Stream, stderr: Stream, environment: Readonly<Record<string, string | undefined>>): Terminal {
  const plain = (environment.NO_COLOR ?? '') !== '' || environment.TERM === 'dumb';
  return {
    out: (text) => void stdout.write(text),
    error: (text) => void stderr.write(text),
    colors: createColors(stdout.isTTY === true && !plain),
    interactive: stderr.isTTY === true,
  };
}
