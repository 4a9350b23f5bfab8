import { createHash } from 'node:crypto';

/** The most that a message waits: a run that starts later would meet the next tick. */
const MAX_DELAY_SECONDS = 30;

/** Runs that may start in the same second; a small fleet is not delayed at all. */
const STARTS_PER_SECOND = 20;

/** Seconds that this cluster's message waits, the same at each tick, so that its runs keep their distance from each other. */
export function delaySeconds(cluster: string, fleetSize: number): number {
  const window = Math.min(MAX_DELAY_SECONDS, Math.floor(fleetSize / STARTS_PER_SECOND));
  return createHash('sha256').update(cluster).digest().readUInt32BE(0) % (window + 1);
}
