import type { Clock } from '../../clock.ts';

/** Waits until one more call may be made. */
export type Pace = () => Promise<void>;

/**
 * At most `perSecond` calls a second over time, and `burst` at once after a rest. Whoever comes first goes first; `wait` is a sleep, in
 * milliseconds.
 */
export function createPace(
  { perSecond, burst }: { readonly perSecond: number; readonly burst: number },
  clock: Clock,
  wait: (milliseconds: number) => Promise<unknown>,
): Pace {
  const each = 1000 / perSecond;
  /** When the calls so far would be over, had each taken its share of a second. */
  let until = 0;
  return async () => {
    const now = clock.now().getTime();
    until = Math.max(until, now) + each;
    const early = until - burst * each - now;
    if (early > 0) await wait(early);
  };
}
