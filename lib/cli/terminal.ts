import { type Colors, createColors } from './colors.ts';

/** What text for people is made for: how wide it may be, in which colours, on whose clock. */
export interface Screen {
  /** Colours of standard output. */
  readonly colors: Colors;
  /** Characters a line. */
  readonly columns: number;
  /** IANA name of the zone in which moments are shown. */
  readonly timeZone: string;
}

/** Where the command writes: standard output for results, standard error for progress and errors. */
export interface Terminal extends Screen {
  readonly out: (text: string) => void;
  readonly error: (text: string) => void;
  /** Whether standard error is a terminal: progress is for people who watch. */
  readonly interactive: boolean;
}

interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** What a file or a pipe gets, so that output does not depend on who looks. */
const DEFAULT_COLUMNS = 100;

/** Less is unreadable whatever is done. */
const MIN_COLUMNS = 80;

/** The terminal of a process. NO_COLOR, when not empty, turns colour off as https://no-color.org has it. */
export function createTerminal(stdout: Stream, stderr: Stream, environment: Readonly<Record<string, string | undefined>>): Terminal {
  const plain = (environment.NO_COLOR ?? '') !== '' || environment.TERM === 'dumb';
  return {
    out: (text) => void stdout.write(text),
    error: (text) => void stderr.write(text),
    colors: createColors(stdout.isTTY === true && !plain),
    columns: Math.max(MIN_COLUMNS, (stdout.isTTY === true && stdout.columns) || DEFAULT_COLUMNS),
    timeZone: new Intl.DateTimeFormat().resolvedOptions().timeZone,
    interactive: stderr.isTTY === true,
  };
}
