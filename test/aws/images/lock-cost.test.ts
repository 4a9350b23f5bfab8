import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import { lockImages } from '../../../lib/images/lock.ts';
import { renderDirectory } from '../../../lib/source/index.ts';
import { createLockStore } from '../../../lib/storage/lock-table.ts';
import { applicationSet } from '../../helpers/application-set.ts';
import { freshStateTable } from '../../helpers/registry.ts';

const signal = AbortSignal.timeout(120_000);
const clock = { now: () => new Date('2026-01-01T00:00:00Z') };
const ROUNDS = 5;

it.each(['a file for each application', 'all in one file'])(
  'locks 1,010 objects with 200 images, %s, without a call to a registry once it has locked them',
  async (layout) => {
    const directory = await mkdtemp(join(tmpdir(), 'plumbline-lock-cost-'));
    try {
      const files = Map.groupBy(applicationSet(), ({ metadata }) => (layout === 'all in one file' ? 'all' : metadata.name));
      for (const [name, objects] of files) {
        await writeFile(join(directory, `${name}.yaml`), objects.map((object) => stringify(object)).join('---\n'));
      }
      const { client, table } = await freshStateTable();
      const calls: string[] = [];
      client.middlewareStack.add((next, context) => (args) => {
        calls.push(context.commandName ?? '');
        return next(args);
      });
      const locks = createLockStore(client, table);
      const asked: string[] = [];
      const registry = {
        resolve: async (references: readonly { readonly text: string }[]) => {
          asked.push(...references.map(({ text }) => text));
          return new Map(
            references.map(({ text }) => [
              text,
              { state: 'found', digest: `sha256:${'a'.repeat(64)}`, mediaType: 'x', platforms: [] } as const,
            ]),
          );
        },
      };
      const times: { readonly rendered: number; readonly locked: number }[] = [];
      for (let round = 0; round <= ROUNDS; round += 1) {
        const started = performance.now();
        const source = await renderDirectory(directory, { tools: { kubectl: '', helm: '' } }, signal);
        const rendered = performance.now();
        calls.length = 0;
        const locked = await lockImages({ ...source, revision: `commit ${round}` }, 'lock', { registry, locks, clock }, signal);
        times.push({ rendered: rendered - started, locked: performance.now() - rendered });
        expect(locked.digests).toHaveLength(200);
        expect(locked.objects).toHaveLength(1010);
        expect(asked).toHaveLength(200);
      }
      // Of the last round, in which nothing was new but the commit.
      expect(calls).toEqual(['BatchGetItemCommand', 'TransactWriteItemsCommand']);
      // Shown, not asserted: it is another number on another machine.
      const best = (of: 'rendered' | 'locked') => Math.min(...times.slice(1).map((time) => time[of]));
      const share = (100 * best('locked')) / best('rendered');
      console.log(`${layout}: render ${best('rendered').toFixed(0)} ms, lock ${best('locked').toFixed(0)} ms: ${share.toFixed(1)} % of it`);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
);
