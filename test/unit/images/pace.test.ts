import { expect, it } from 'vitest';
import { createPace } from '../../../lib/images/registry/pace.ts';
import { registryRoleOf } from '../../../lib/images/registry/registry-roles.ts';

it('lets a burst through after a rest, and then as many a second as it may', async () => {
  let now = 1_000_000;
  const waits: number[] = [];
  const pace = createPace({ perSecond: 20, burst: 3 }, { now: () => new Date(now) }, async (milliseconds) => {
    waits.push(milliseconds);
  });
  for (let call = 0; call < 6; call += 1) await pace();
  expect(waits).toEqual([50, 100, 150]);
  now += 150;
  await pace();
  expect(waits.at(-1)).toBe(50);
  now += 60_000;
  waits.length = 0;
  for (let call = 0; call < 4; call += 1) await pace();
  expect(waits).toEqual([50]);
});

it('asks the registry of an account by the role of that account, and of no other', () => {
  const roles = ['arn:aws:iam::111122223333:role/images', 'arn:aws:iam::222233334444:role/images'];
  expect(registryRoleOf({ account: '222233334444' }, roles)).toBe(roles[1]);
  expect(registryRoleOf({ account: '999999999999' }, roles)).toBeUndefined();
});
