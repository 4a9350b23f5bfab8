import type { Clock } from '../../../../lib/clock.ts';

/** A clock that goes on while a run waits for something, and is set back to where it stood before the next. */
export interface StandingClock extends Clock {
  setBack(): void;
  advance(seconds: number): void;
}

export function standingClock(): StandingClock {
  let stands = Date.now();
  let since = performance.now();
  const setBack = (): void => {
    since = performance.now();
  };
  return {
    now: () => new Date(stands + performance.now() - since),
    setBack,
    advance(seconds) {
      stands += seconds * 1000;
      setBack();
    },
  };
}
