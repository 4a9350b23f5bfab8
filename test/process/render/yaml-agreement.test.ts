import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryDirectory } from '../../helpers/git-repository.ts';
import { testTools } from '../../helpers/tools.ts';
import { SCALARS } from '../../helpers/yaml-scalars.ts';

it('agrees with kubectl on every plain scalar', async () => {
  const { kubectl } = await testTools();
  using folder = temporaryDirectory();
  const file = join(folder.path, 'x.yaml');
  const lines = SCALARS.map(([text], index) => `  k${index}: ${text}\n`).join('');
  writeFileSync(file, `apiVersion: example.com/v1\nkind: X\nmetadata: {name: x}\nspec:\n${lines}`);
  const output = execFileSync(kubectl, ['label', '--local', '-o', 'json', 'a=b', '-f', file], { encoding: 'utf8' });
  const { spec } = JSON.parse(output);
  const ours = Object.fromEntries(SCALARS.map(([, value], index) => [`k${index}`, typeof value === 'bigint' ? Number(value) : value]));
  expect(spec).toEqual(ours);
});
