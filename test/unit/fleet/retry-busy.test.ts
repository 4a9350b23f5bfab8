import { expect, it } from 'vitest';
import { ClusterMessage, retryBusy } from '../../../lib/fleet/index.ts';

const message: ClusterMessage = { cluster: 'prod', reason: 'tick' };

it.each([
  [0, 2],
  [0.5, 5],
  [0.999, 8],
])('a run that found its cluster busy is asked for again within seconds: random %d waits %d s', (random, delaySeconds) => {
  const again = retryBusy(message, random);
  expect(again).toEqual({ message: { ...message, attempt: 2 }, delaySeconds });
  expect(ClusterMessage.parse(again?.message)).toEqual(again?.message);
});

it('is left to the next tick once that is due', () => {
  let waited = 0;
  let last = retryBusy(message, 0.5);
  while (last !== undefined) {
    waited += last.delaySeconds;
    last = retryBusy(last.message, 0.5);
  }
  expect(waited).toBeGreaterThan(45);
  expect(waited).toBeLessThanOrEqual(60);
});
