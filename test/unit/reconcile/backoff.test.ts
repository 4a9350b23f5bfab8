import { describe, expect, it } from 'vitest';
import { nextAttempt } from '../../../lib/reconcile/backoff.ts';

const NOW = new Date('2026-01-01T00:00:00Z');

describe('the next attempt', () => {
  it.each([
    [1, 0, 30],
    [2, 0, 60],
    [5, 0, 480],
    [6, 0, 600],
    [1_000, 0, 600],
    [1, 0.5, 26.25],
    [1_000, 0.999, 450.15],
  ])('after %d failures, with jitter %d, is %d seconds later', (failures, random, seconds) => {
    expect((nextAttempt(failures, NOW, random).getTime() - NOW.getTime()) / 1000).toBeCloseTo(seconds, 3);
  });
});
