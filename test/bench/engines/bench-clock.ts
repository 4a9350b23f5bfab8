import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Clock } from '../../../lib/clock.ts';

/** A clock that only moves when it is told to, and stands where the last process on its file left it. */
export interface BenchClock extends Clock {
  advance(seconds: number): void;
}

/**
 * What a run sweeps follows from the time: without this clock, how long another engine took in between would decide how much ours has to do.
 */
export function openBenchClock(file: string): BenchClock {
  let now = existsSync(file) ? Number(readFileSync(file, 'utf8')) : Date.now();
  const keep = (): void => writeFileSync(file, String(now));
  keep();
  return {
    now: () => new Date(now),
    advance(seconds) {
      now += seconds * 1000;
      keep();
    },
  };
}
