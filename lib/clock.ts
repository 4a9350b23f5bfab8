/** Where the time comes from: passed in, so that deciding stays pure and tests choose the moment. */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };
