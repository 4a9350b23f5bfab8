import type { Clock } from '../clock.ts';

/** How a person ends a command: at the next good moment, and at once. */
export interface Interrupts {
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
  /** Aborted by the next one, of somebody who does not want to wait. */
  readonly abandon: AbortSignal;
}

/** The part of a process that tells of signals. */
interface SignalSource {
  on(name: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
}

/** The terminal sends Ctrl-C to every process it runs, and `npm` and our launcher pass theirs on: so soon after the first it is the same. */
const SAME_MILLISECONDS = 500;

export function listenForInterrupts(source: SignalSource, clock: Clock): Interrupts {
  const first = new AbortController();
  const second = new AbortController();
  let since: number | undefined;
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    source.on(name, () => {
      const now = clock.now().getTime();
      since ??= now;
      first.abort(new Error(`ended by ${name}`));
      if (now - since >= SAME_MILLISECONDS) second.abort(new Error(`ended by ${name}`));
    });
  }
  return { signal: first.signal, abandon: second.signal };
}

/** As shells have it: 128 and the number of SIGINT. */
const INTERRUPTED = 130;

/** What the process ends with: that it was interrupted says more than how far it came. */
export function exitStatusOf(status: number, { signal }: Pick<Interrupts, 'signal'>): number {
  return signal.aborted ? INTERRUPTED : status;
}
