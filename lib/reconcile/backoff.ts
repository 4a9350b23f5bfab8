const FIRST_SECONDS = 30;
const MAXIMUM_SECONDS = 600;

/**
 * When a cluster that failed is tried again: after half a minute, then twice as long each time up to ten minutes, minus up to a quarter
 * of it at random, so that clusters that failed together do not come back together. `random` is in [0, 1).
 */
export function nextAttempt(consecutiveFailures: number, now: Date, random: number): Date {
  const seconds = Math.min(MAXIMUM_SECONDS, FIRST_SECONDS * 2 ** (consecutiveFailures - 1));
  return new Date(now.getTime() + seconds * (1 - random / 4) * 1000);
}
