import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { inOrder } from '../../../lib/reconcile/in-order.ts';

async function collect<T>(values: AsyncIterable<T>): Promise<readonly T[]> {
  const collected: T[] = [];
  for await (const value of values) collected.push(value);
  return collected;
}

describe('mapping in order', () => {
  it('keeps the order, whichever is done first, and never has more under way than it may', async () => {
    const gates = Array.from({ length: 5 }, () => Promise.withResolvers<void>());
    let underWay = 0;
    let most = 0;
    const results = collect(
      inOrder(gates.keys(), 2, async (index) => {
        underWay += 1;
        most = Math.max(most, underWay);
        await gates[index]?.promise;
        underWay -= 1;
        return index;
      }),
    );
    await setImmediate();
    for (const gate of gates.toReversed()) gate.resolve();
    expect(await results).toEqual([0, 1, 2, 3, 4]);
    expect(most).toBe(2);
  });

  it('takes no item before there is room for it, so that a page is read when it is needed', async () => {
    let taken = 0;
    const items = async function* () {
      for (; taken < 10; taken += 1) yield taken;
    };
    const results = inOrder(items(), 3, async (index) => index);
    expect((await results.next()).value).toBe(0);
    expect(taken).toBe(2);
    await results.return(undefined);
  });

  it('ends with the first rejection, and no other is left unhandled', async () => {
    const begun: number[] = [];
    const results = collect(
      inOrder([0, 1, 2, 3, 4, 5], 3, async (index) => {
        begun.push(index);
        throw new Error(`failed ${index}`);
      }),
    );
    await expect(results).rejects.toThrow('failed 0');
    expect(begun).toEqual([0, 1, 2]);
  });
});
