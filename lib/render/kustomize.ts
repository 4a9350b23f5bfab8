import { execFile } from 'node:child_process';
import { posix } from 'node:path';
import { MAX_MANIFEST_BYTES } from '../manifests/parse.ts';
import { refuseRemoteBases } from './remote-bases.ts';
import { RenderError } from './render-error.ts';
import type { Tools } from './tools.ts';

const TIMEOUT_SECONDS = 60;

/**
 * Builds the kustomization in `folder`, which is relative to `root`, and resolves to the YAML. Files are loaded from below the folders that
 * have kustomizations only, and nothing is loaded from elsewhere. Throws `RenderError` with what Kustomize said.
 */
export async function kustomize(root: string, folder: string, tools: Tools, signal: AbortSignal): Promise<string> {
  await refuseRemoteBases(root, folder);
  signal.throwIfAborted();
  return await new Promise<string>((resolve, reject) => {
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
        if (error === null) resolve(stdout);
        else if (signal.aborted) reject(signal.reason);
        else reject(kustomizeError(root, folder, error, stderr));
      },
    );
  });
}

function kustomizeError(
  root: string,
  folder: string,
  error: Error & { killed?: boolean | undefined; code?: unknown },
  stderr: string,
): RenderError {
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

/** What Kustomize said, with paths as in the repository, and without the texts of patches and files, which may hold secrets. */
function kustomizeWords(stderr: string, root: string): string {
  const text = stderr
    .replaceAll(`${root}/`, '')
    .replaceAll(root, '.')
    .replace(/\[[^\]]*\n[\s\S]*\]/g, '[…]')
    .replace(/^error: /i, '')
    .trim();
  const lines = text.split('\n').filter((line) => line !== '' && !/^(Warning|# Warning):?/.test(line));
  return (lines[0] ?? 'Kustomize failed and said nothing').slice(0, 1000);
}
