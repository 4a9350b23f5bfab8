import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** A text, a link to somewhere, or nothing any more. */
export type FileContent = string | { readonly link: string } | null;

export interface TestRepository extends Disposable {
  /** The folder of the work tree, which is what the server and file:// serve. */
  readonly directory: string;
  readonly url: string;
  /** Writes files, commits all and returns the commit id. */
  commit(files: Readonly<Record<string, FileContent>>): string;
  git(...args: string[]): string;
}

/** A folder that is removed with `using`. */
export function temporaryDirectory(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'plumbline-test-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** A real repository with branch `main`, in `directory` or in a temporary folder of its own. */
export function createRepository(directory?: string): TestRepository {
  const temporary = directory === undefined ? temporaryDirectory() : undefined;
  const folder = directory ?? join(temporary?.path ?? '', 'repository');
  mkdirSync(folder, { recursive: true });
  const git = (...args: string[]) =>
    execFileSync('git', args, {
      cwd: folder,
      encoding: 'utf8',
      env: {
        PATH: process.env.PATH,
        HOME: '/nonexistent',
        GIT_CONFIG_GLOBAL: '/dev/null',
        GIT_CONFIG_NOSYSTEM: '1',
        GIT_AUTHOR_NAME: 'Test',
        GIT_AUTHOR_EMAIL: 'test@example.com',
        GIT_COMMITTER_NAME: 'Test',
        GIT_COMMITTER_EMAIL: 'test@example.com',
      },
    }).trim();
  git('init', '--quiet', '--initial-branch=main');
  git('config', 'receive.denyCurrentBranch', 'updateInstead');
  return {
    directory: folder,
    url: pathToFileURL(folder).href,
    git,
    commit(files) {
      for (const [path, content] of Object.entries(files)) {
        const target = join(folder, path);
        mkdirSync(dirname(target), { recursive: true });
        rmSync(target, { recursive: true, force: true });
        if (typeof content === 'string') writeFileSync(target, content);
        else if (content !== null) symlinkSync(content.link, target);
      }
      git('add', '--all');
      git('commit', '--quiet', '--allow-empty', '--message', 'Change files');
      return git('rev-parse', 'HEAD');
    },
    [Symbol.dispose]: () => temporary?.[Symbol.dispose](),
  };
}
