import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { faultRows } from '../../aws/borders/fault-table.ts';

it('docs/faults.md says of each fault what the tests of the deployed stack hold it to', async () => {
  const page = await readFile(new URL('../../../docs/faults.md', import.meta.url), 'utf8');
  const rows = page.split('\n').flatMap((line) => {
    const cells = line.startsWith('| ')
      ? line
          .slice(1, -1)
          .split('|')
          .map((cell) => cell.trim())
      : [];
    return cells.length === 5 && cells[0] !== 'fault' && !/^-+$/.test(cells[0] ?? '') ? [cells] : [];
  });
  expect(rows).toEqual(faultRows());
});
