import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Clock } from '../../lib/clock.ts';
import type { LeaseStore } from '../../lib/storage/index.ts';

/** What every lease store promises. */
export function leaseStoreContract(create: (clock: Clock) => LeaseStore): void {
  const clockAt = (start: string) => {
    let now = Date.parse(start);
    const advance = (seconds: number) => {
      now += seconds * 1000;
    };
    return { now: () => new Date(now), advance };
  };

  it('gives a lease to one of fifty that ask at once', async () => {
    const leases = create(clockAt('2027-01-01T00:00:00Z'));
    const uid = randomUUID();
    const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => leases.acquire(uid, `run-${index}`, 60)));
    expect(answers.filter((lease) => lease !== undefined)).toHaveLength(1);
  });

  it('gives it to the next one only after it was released or has expired, under a greater fence each time', async () => {
    const clock = clockAt('2027-01-01T00:00:00Z');
    const leases = create(clock);
    const uid = randomUUID();
    const first = await leases.acquire(uid, 'run-1', 60);
    expect(first).toMatchObject({ clusterUid: uid, owner: 'run-1', fence: 1, expiresAt: '2027-01-01T00:01:00.000Z' });
    clock.advance(59);
    expect(await leases.acquire(uid, 'run-2', 60)).toBeUndefined();
    clock.advance(1);
    const second = await leases.acquire(uid, 'run-2', 60);
    expect(second?.fence).toBe(2);
    if (second !== undefined) await leases.release(second);
    expect((await leases.acquire(uid, 'run-3', 60))?.fence).toBe(3);
  });

  it('gives it again to the run that has it already, since the answer to its first question may have got lost', async () => {
    const leases = create(clockAt('2027-01-01T00:00:00Z'));
    const uid = randomUUID();
    await leases.acquire(uid, 'run-1', 60);
    const again = await leases.acquire(uid, 'run-1', 60);
    expect(again).toMatchObject({ owner: 'run-1', fence: 2 });
    if (again !== undefined) await leases.release(again);
    expect(await leases.acquire(uid, 'run-2', 60)).toBeDefined();
  });

  it('does not take the lease from its new owner when a late run releases the one it lost', async () => {
    const clock = clockAt('2027-01-01T00:00:00Z');
    const leases = create(clock);
    const uid = randomUUID();
    const lost = await leases.acquire(uid, 'run-1', 60);
    clock.advance(61);
    await leases.acquire(uid, 'run-2', 60);
    if (lost !== undefined) await leases.release(lost);
    expect(await leases.acquire(uid, 'run-3', 60)).toBeUndefined();
  });
}
