import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../lib/local/index.ts';

/** The sample repository, as a person would have it: a work tree, and the bare repository that it is pushed to. */
export interface SampleRepository {
  /** What the cluster rows name. */
  readonly url: string;
  readonly workTree: string;
  /** Replaces a text in one file, commits and pushes; returns the commit id. */
  change(file: string, from: string, to: string, message: string): Promise<string>;
  /** Takes a resource out of a folder's kustomization, with its file, commits and pushes; returns the commit id. */
  removeResource(folder: string, file: string, message: string): Promise<string>;
  /** `git revert` of the newest commit, pushed; returns the commit id. */
  revertLast(): Promise<string>;
}

const IDENTITY = ['-c', 'user.name=Sam Platform', '-c', 'user.email=sam@example.com', '-c', 'commit.gpgsign=false'];

/** Copies `demo/sample` into a new repository under `directory`, with the registry's name put in, and pushes its first commit. */
export async function createSampleRepository(directory: string, registry: string, signal: AbortSignal): Promise<SampleRepository> {
  const workTree = join(directory, 'fleet');
  const bare = join(directory, 'fleet.git');
  const git = async (...args: readonly string[]) =>
    (await runCommand('git', [...IDENTITY, ...args], { cwd: workTree, env: process.env, signal })).trim();

  await mkdir(workTree, { recursive: true });
  await cp(join(import.meta.dirname, 'sample'), workTree, { recursive: true });
  for (const file of ['apps/shop/web.yaml', 'apps/shop/worker.yaml']) await replaceIn(join(workTree, file), 'REGISTRY', registry);
  await git('init', '--quiet', '--bare', '--initial-branch=main', bare);
  await git('init', '--quiet', '--initial-branch=main');
  await git('remote', 'add', 'origin', bare);

  const publish = async (message: string) => {
    await git('add', '--all');
    await git('commit', '--quiet', '--message', message);
    return push();
  };
  const push = async () => {
    await git('push', '--quiet', 'origin', 'main');
    return git('rev-parse', 'HEAD');
  };
  await publish('Describe the shop and its platform');

  return {
    url: `file://${bare}`,
    workTree,
    async change(file, from, to, message) {
      await replaceIn(join(workTree, file), from, to);
      return publish(message);
    },
    async removeResource(folder, file, message) {
      await rm(join(workTree, folder, file));
      await replaceIn(join(workTree, folder, 'kustomization.yaml'), `  - ${file}\n`, '');
      return publish(message);
    },
    async revertLast() {
      await git('revert', '--no-edit', 'HEAD');
      return push();
    },
  };
}

async function replaceIn(file: string, from: string, to: string): Promise<void> {
  const text = await readFile(file, 'utf8');
  if (!text.includes(from)) throw new Error(`${file}: does not contain ${JSON.stringify(from)}`);
  await writeFile(file, text.replaceAll(from, to));
}
