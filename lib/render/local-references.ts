import { posix } from 'node:path';
import { type RenderRoot, readText, realPathInside } from './inputs.ts';
import { isRemoteReference, KUSTOMIZATION_FILES, readKustomization } from './kustomization.ts';
import type { RenderLimits } from './limits.ts';
import { RenderError } from './render-error.ts';

export interface LocalReferences {
  /** The files and folders that it leads to, itself first. */
  readonly paths: ReadonlySet<string>;
  /** The folders of Helm charts among them. */
  readonly charts: ReadonlySet<string>;
}

/**
 * Follows the kustomization in `folder` to everything in the repository that it leads to. What is rendered must be what the commit says, so it
 * throws `RenderError` (`RemoteBase`) if one of them names another repository, unless that is allowed and it is named at a commit, or a file
 * or chart to download.
 */
export async function followLocalReferences(
  root: RenderRoot,
  folder: string,
  remoteBases: 'allow' | 'refuse',
  limits: RenderLimits,
): Promise<LocalReferences> {
  const folders = [folder];
  const paths = new Set(folders);
  const charts = new Set<string>();
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    const found = await readKustomizationIn(root, next);
    if (found === undefined) continue;
    const read = readKustomization(found.text);
    for (const chart of read.charts) {
      const target = posix.join(next, chart.folder);
      if (!(await exists(root, target))) throw chartNotThere(found.file, chart.name, target);
      charts.add(target);
    }
    for (const reference of read.references) {
      const target = posix.normalize(posix.join(next, reference)).replace(/\/$/, '');
      const outside = target === '..' || target.startsWith('../');
      const isLocal = !outside && (await exists(root, target));
      if (!isLocal && isRemoteReference(reference)) checkRemote(found.file, reference, remoteBases);
      else if (outside || posix.isAbsolute(reference)) throw outsideRepository(found.file, reference);
      if (!isLocal || paths.has(target)) continue;
      if (paths.size >= limits.files)
        throw new RenderError('RenderTooLarge', `${found.file}: it leads to more than ${limits.files} folders and files.`);
      paths.add(target);
      folders.push(target);
    }
  }
  return { paths, charts };
}

async function readKustomizationIn(root: RenderRoot, folder: string): Promise<{ file: string; text: string } | undefined> {
  for (const name of KUSTOMIZATION_FILES) {
    const file = posix.join(folder, name);
    try {
      return { file, text: await readText(root, file) };
    } catch (error) {
      if (error instanceof RenderError) throw error;
      // Not there, or `folder` is a file: Kustomize says so if it matters.
    }
  }
  return undefined;
}

async function exists(root: RenderRoot, path: string): Promise<boolean> {
  return (await realPathInside(root, path)) !== undefined;
}

function checkRemote(file: string, reference: string, remoteBases: 'allow' | 'refuse'): void {
  const subject = `${file}: "${withoutUser(reference)}" is in another repository or on another server.`;
  if (remoteBases === 'refuse') {
    throw new RenderError(
      'RemoteBase',
      `${subject} Only files of this repository are rendered; copy it into the repository, or set remoteBases=allow on the row.`,
    );
  }
  // Plain HTTP and file:// are let through here, and refused by our Git outside of the local environment.
  const atCommit = /[?&]ref=([0-9a-f]{40}|[0-9a-f]{64})(&|$)/.test(reference);
  const hasUser = /^[a-z]+:\/\/[^/]*@/.test(reference);
  if (!/^(https?|file):\/\//.test(reference) || hasUser || !atCommit) {
    throw new RenderError(
      'RemoteBase',
      `${subject} A base in another repository must be named as https://HOST/REPOSITORY//FOLDER?ref=COMMIT, with a full commit id and no user.`,
    );
  }
}

function chartNotThere(file: string, name: string, folder: string): RenderError {
  return new RenderError(
    'RemoteBase',
    `${file}: chart ${name} is not in the repository. Charts are not downloaded; commit it as ${folder} (helm pull --untar), or set helmGlobals.chartHome.`,
  );
}

function outsideRepository(file: string, reference: string): RenderError {
  return new RenderError(
    'PathOutsideRepository',
    `${file}: "${reference}" is not inside the repository. Name it by a relative path inside.`,
  );
}

function withoutUser(reference: string): string {
  return reference.replace(/\/\/[^/@]*@/, '//');
}
