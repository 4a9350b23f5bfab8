import { expect, it } from 'vitest';
import { lockImages } from '../../../lib/images/locks/lock.ts';
import { createLockStore } from '../../../lib/storage/lock-table.ts';
import { applicationSet } from '../../helpers/application-set.ts';
import { freshStateTable } from '../../helpers/registry.ts';
import { rendered } from '../../helpers/workloads.ts';

const signal = AbortSignal.timeout(120_000);
const clock = { now: () => new Date('2026-01-01T00:00:00Z') };

it('locks 1,010 objects with 200 images by one read and one write, without a call to a registry, when nothing but the commit is new', async () => {
  const { client, table } = await freshStateTable();
  const calls: string[] = [];
  client.middlewareStack.add((next, context) => (args) => {
    calls.push(context.commandName ?? '');
    return next(args);
  });
  const locks = createLockStore(client, table);
  const found = { state: 'found', digest: `sha256:${'a'.repeat(64)}`, mediaType: 'x', platforms: [] } as const;
  const asked: string[] = [];
  const registry = {
    resolve: async (references: readonly { readonly text: string }[]) => {
      asked.push(...references.map(({ text }) => text));
      return new Map(references.map(({ text }) => [text, found]));
    },
  };
  const lock = (revision: string) => lockImages(rendered(revision, ...applicationSet()), 'lock', { registry, locks, clock }, signal);
  await lock('a1');
  expect(asked).toHaveLength(200);

  calls.length = 0;
  const locked = await lock('b2');
  expect([locked.digests.length, locked.objects.length]).toEqual([200, 1010]);
  expect(asked).toHaveLength(200);
  expect(calls).toEqual(['BatchGetItemCommand', 'TransactWriteItemsCommand']);

  calls.length = 0;
  await lock('b2');
  expect(calls).toEqual(['BatchGetItemCommand']);
});
