import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { buildSync } from 'esbuild';

export const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const FUNCTIONS = join(PROJECT, 'functions');

/** The stem of a file in functions/. */
export type FunctionName = 'schedule' | 'source' | 'reconcile' | 'audit';

/** Bundles `functions/NAME.ts` with all that it imports into `directory/index.mjs`, with its source map beside it. */
export function bundleFunction(name: FunctionName, directory: string): void {
  buildSync({
    entryPoints: [join(FUNCTIONS, `${name}.ts`)],
    outfile: join(directory, 'index.mjs'),
    absWorkingDir: PROJECT,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    minify: true,
    // Node quotes the line that threw: not a megabyte.
    lineLimit: 200,
    // The name of an error's class is what records call it.
    keepNames: true,
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'none',
    logLevel: 'warning',
    // Some dependencies are CommonJS, and require Node's own modules.
    banner: { js: "import { createRequire as plumblineRequire } from 'node:module'; const require = plumblineRequire(import.meta.url);" },
  });
}

/** The bundled function as a zip asset. Nothing is built for commands that need no assets, such as `cdk list`. */
export function bundledCode(name: FunctionName): Code {
  return Code.fromAsset(FUNCTIONS, {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // Never used: esbuild runs in this process.
      image: DockerImage.fromRegistry('none'),
      // The CDK stages equal options once: without the name all functions would share the first one's bundle.
      command: [name],
      local: {
        tryBundle: (directory) => {
          bundleFunction(name, directory);
          return true;
        },
      },
    },
  });
}
