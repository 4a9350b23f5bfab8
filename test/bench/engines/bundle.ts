import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

/** Bundles one of the programs beside this file as the functions are bundled, and resolves to the path of the result. */
export function bundleProgram(name: 'ours-process' | 'limit-process', directory: string): string {
  const outfile = join(directory, `${name}.mjs`);
  buildSync({
    entryPoints: [fileURLToPath(new URL(`./${name}.ts`, import.meta.url))],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    minify: true,
    keepNames: true,
    sourcemap: 'linked',
    logLevel: 'warning',
    banner: { js: "import { createRequire as plumblineRequire } from 'node:module'; const require = plumblineRequire(import.meta.url);" },
  });
  return outfile;
}
