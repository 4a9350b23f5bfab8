import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { RenderDependencies, RenderOptions } from '../../../lib/render/index.ts';
import { type RenderedSource, renderDirectory } from '../../../lib/source/index.ts';
import { temporaryDirectory } from '../../helpers/git-repository.ts';
import { testTools } from '../../helpers/tools.ts';

export type Files = Readonly<Record<string, string | Buffer | { readonly link: string }>>;

export function writeFiles(folder: string, files: Files): void {
  mkdirSync(join(folder, '.git'), { recursive: true });
  for (const [file, content] of Object.entries(files)) {
    const target = join(folder, file);
    mkdirSync(dirname(target), { recursive: true });
    if (typeof content === 'string' || Buffer.isBuffer(content)) writeFileSync(target, content);
    else symlinkSync(content.link, target);
  }
}

/** Writes the files into a folder that looks like a repository and renders one path of it with the real tools. */
export async function render(files: Files, path = '.', options: RenderOptions & Partial<RenderDependencies> = {}): Promise<RenderedSource> {
  using folder = temporaryDirectory();
  writeFiles(folder.path, files);
  const { tools = await testTools() } = options;
  return await renderDirectory(join(folder.path, path), { ...options, tools }, AbortSignal.timeout(60_000), options);
}

export function configMap(name: string, extra = ''): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n${extra}`;
}

export function chartFile(name: string, extra = ''): string {
  return `apiVersion: v2\nname: ${name}\nversion: 1.0.0\n${extra}`;
}

export function namesOf({ objects }: RenderedSource): readonly string[] {
  return objects.map(({ metadata }) => metadata.name);
}
