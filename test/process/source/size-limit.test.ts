import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { withinSize } from '../../../lib/source/size-limit.ts';
import { temporaryDirectory } from '../../helpers/git-repository.ts';

const never = new AbortController().signal;

it('aborts work that lets a folder grow beyond the limit', async () => {
  using folder = temporaryDirectory();
  const grow = (signal: AbortSignal) => {
    writeFileSync(join(folder.path, 'big'), 'x'.repeat(2000));
    return new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
    });
  };
  await expect(withinSize(folder.path, 1000, never, grow, 'https://example.com/x')).rejects.toMatchObject({ reason: 'SourceTooLarge' });
});

it('refuses what grew faster than it was looked at', async () => {
  using folder = temporaryDirectory();
  const grow = async () => writeFileSync(join(folder.path, 'big'), 'x'.repeat(2000));
  await expect(withinSize(folder.path, 1000, never, grow, 'https://example.com/x')).rejects.toMatchObject({ reason: 'SourceTooLarge' });
  expect(await withinSize(folder.path, 3000, never, async () => 'done', 'https://example.com/x')).toBe('done');
});
