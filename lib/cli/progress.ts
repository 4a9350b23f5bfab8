import type { Terminal } from './terminal.ts';

/** Says on standard error what is going on, once it takes long; `done` removes it. */
export interface Progress {
  update(text: string): void;
  done(): void;
}

/** Calls back after the milliseconds unless the returned function is called first. */
export type Delay = (callback: () => void, milliseconds: number) => () => void;

export const systemDelay: Delay = (callback, milliseconds) => {
  const timer = setTimeout(callback, milliseconds);
  timer.unref();
  return () => clearTimeout(timer);
};

const QUIET_MILLISECONDS = 2000;
const CLEAR_LINE = '\r\x1b[2K';

/** Quiet for two seconds, and for good where nobody watches: a log file needs no moving line. */
export function startProgress(text: string, terminal: Terminal, delay: Delay): Progress {
  if (!terminal.interactive) return { update: () => {}, done: () => {} };
  let current = text;
  let shown = false;
  const show = () => {
    shown = true;
    terminal.error(`${CLEAR_LINE}${current} …`);
  };
  const cancel = delay(show, QUIET_MILLISECONDS);
  return {
    update: (next) => {
      current = next;
      if (shown) show();
    },
    done: () => {
      cancel();
      if (shown) terminal.error(CLEAR_LINE);
      shown = false;
    },
  };
}

/** Shows the text while the work runs, however it ends. */
export async function withProgress<T>(
  text: string,
  terminal: Terminal,
  delay: Delay,
  work: (progress: Progress) => Promise<T>,
): Promise<T> {
  const progress = startProgress(text, terminal, delay);
  try {
    return await work(progress);
  } finally {
    progress.done();
  }
}

/** A step on the way, which stays: the first render of a machine fetches kubectl and helm. */
export function sayStep(text: string, terminal: Terminal): void {
  if (terminal.interactive) terminal.error(`${CLEAR_LINE}${text}\n`);
}

/** ` (2 of 5)`, and nothing where there is only one. */
export function describePosition(index: number, total: number): string {
  return total > 1 ? ` (${index + 1} of ${total})` : '';
}
