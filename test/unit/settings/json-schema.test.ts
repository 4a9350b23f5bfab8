import { join } from 'node:path';
import { expect, it } from 'vitest';
import { settingsSchema } from '../../../lib/settings/index.ts';

const FILE = join(import.meta.dirname, '../../../plumbline.schema.json');

it('ships the JSON Schema of the settings as the code has them', async () => {
  // `vitest run -u` writes the file anew.
  await expect(`${JSON.stringify(settingsSchema(), undefined, 2)}\n`).toMatchFileSnapshot(FILE);
});
