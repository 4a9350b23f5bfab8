import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { type RenderedSource, renderDirectory } from '../../../lib/source/index.ts';
import { testTools } from '../../helpers/tools.ts';

/** A repository's work tree: path → content. */
export type Files = Readonly<Record<string, string>>;

/** Some objects as one file, in the style that people and generators write. */
export function yamlOf(...objects: readonly object[]): string {
  return objects.map((object) => stringify(object, { aliasDuplicateObjects: false })).join('---\n');
}

/** What our own renderer makes of one folder of these files. */
export async function renderFiles(files: Files, path = '.'): Promise<RenderedSource> {
  const folder = await mkdtemp(join(tmpdir(), 'plumbline-estate-'));
  try {
    await mkdir(join(folder, '.git'));
    for (const [file, content] of Object.entries(files)) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(folder, file), content);
    }
    return await renderDirectory(join(folder, path), { tools: await testTools() }, AbortSignal.timeout(120_000));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
