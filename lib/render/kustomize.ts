import { type ExecFileException, execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { MAX_MANIFEST_BYTES, parseManifests } from '../manifests/parse.ts';
import { followLocalReferences } from './local-references.ts';
import { RenderError } from './render-error.ts';
import type { Tools } from './tools.ts';

const TIMEOUT_SECONDS = 60;

/**
 * Builds the kustomization in `folder`, which is relative to `root`, and resolves to the YAML. Files are loaded from below the folders that
 * have kustomizations only, and nothing is loaded from elsewhere. Throws `RenderError` with what Kustomize said.
 */
export async function kustomize(root: string, folder: string, tools: Tools, signal: AbortSignal): Promise<string> {
  const references = await followLocalReferences(root, folder);
  signal.throwIfAborted();
  const built = await runKubectl(root, folder, tools, signal);
  if ('output' in built) return built.output;
  if (built.failure.reason !== 'KustomizeFailed') throw built.failure;
  // Kustomize does not always say which file, nor which line.
  throw (await firstYamlError(root, references)) ?? built.failure;
}

type Built = { readonly output: string } | { readonly failure: RenderError };

function runKubectl(root: string, folder: string, tools: Tools, signal: AbortSignal): Promise<Built> {
  return new Promise((resolve, reject) => {
    execFile(
      tools.kubectl,
      ['kustomize', `./${folder}`],
      {
        cwd: root,
        // Without PATH it finds no git, and this proxy answers nobody: two more reasons why nothing is loaded from elsewhere.
        env: { HOME: '/nonexistent', HTTPS_PROXY: 'http://127.0.0.1:1', HTTP_PROXY: 'http://127.0.0.1:1' },
        maxBuffer: MAX_MANIFEST_BYTES,
        timeout: TIMEOUT_SECONDS * 1000,
        killSignal: 'SIGKILL',
        signal,
      },
      (error, stdout, stderr) => {
        if (error === null) resolve({ output: stdout });
        else if (signal.aborted) reject(signal.reason);
        else resolve({ failure: kustomizeError(root, folder, error, stderr) });
      },
    );
  });
}

async function firstYamlError(root: string, references: ReadonlySet<string>): Promise<RenderError | undefined> {
  for (const file of references) {
    if (!/\.(ya?ml|json)$/.test(file)) continue;
    const text = await readFile(join(root, file), 'utf8').catch(() => '');
    const wrong = parseManifests(text).find((document) => 'problem' in document);
    if (wrong !== undefined) return new RenderError('KustomizeFailed', `${file}:${wrong.line}: ${wrong.problem}.`);
  }
  return undefined;
}

function kustomizeError(root: string, folder: string, error: ExecFileException, stderr: string): RenderError {
  const where = posix.join(folder, 'kustomization.yaml');
  if (error.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') {
    const message = `${where}: it builds to more than ${MAX_MANIFEST_BYTES / 1024 / 1024} MB. Split it over several paths.`;
    return new RenderError('RenderTooLarge', message);
  }
  if (error.killed === true) return new RenderError('RenderTimeout', `${where}: Kustomize was not done within ${TIMEOUT_SECONDS} s.`);
  if (stderr === '')
    return new RenderError('KustomizeFailed', `${where}: kubectl could not be run: ${error.message.split('\n')[0] ?? ''}.`, {
      cause: error,
    });
  return new RenderError('KustomizeFailed', `${where}: ${kustomizeWords(stderr, root)}`);
}

/** What Kustomize said, with paths as in the repository, and without the texts of patches, literals and files, which may hold secrets. */
function kustomizeWords(stderr: string, root: string): string {
  const text = stderr
    .replaceAll(`${root}/`, '')
    .replaceAll(root, '.')
    .replace(/`[\s\S]*?`/g, '…')
    .replace(/\[[\s\S]*?\]/g, '[…]')
    .replace(/(invalid literal source|unknown anchor) .*?(,| referenced|$)/gm, '$1 …$2')
    .replace(/^error: /i, '');
  const line = text.split('\n').find((each) => each.trim() !== '' && !/^#? ?Warning/.test(each));
  return (line ?? 'Kustomize failed and said nothing').slice(0, 1000);
}
