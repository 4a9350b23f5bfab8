import { createHash } from 'node:crypto';

const SUBMODULE = '160000';

/** The files of one commit by path, known before any of them is fetched. */
export class GitTree {
  readonly #modes: ReadonlyMap<string, string>;
  readonly #ids: ReadonlyMap<string, string>;
  readonly #folders: ReadonlySet<string>;

  /** `listing` is the output of `git ls-tree -r -z`. */
  constructor(listing: string) {
    const modes = new Map<string, string>();
    const ids = new Map<string, string>();
    const folders = new Set<string>(['.']);
    for (const entry of listing.split('\0')) {
      const match = /^(\d{6}) \w+ ([0-9a-f]+)\t(.+)$/s.exec(entry);
      const [, mode, id, path] = match ?? [];
      if (mode === undefined || id === undefined || path === undefined) continue;
      modes.set(path, mode);
      ids.set(path, id);
      for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
        const folder = path.slice(0, end);
        if (folders.has(folder)) break;
        folders.add(folder);
      }
    }
    this.#modes = modes;
    this.#ids = ids;
    this.#folders = folders;
  }

  kindOf(path: string): 'folder' | 'file' | 'symlink' | 'submodule' | undefined {
    if (this.#folders.has(path)) return 'folder';
    const mode = this.#modes.get(path);
    if (mode === undefined) return undefined;
    if (mode === '120000') return 'symlink';
    return mode === SUBMODULE ? 'submodule' : 'file';
  }

  /** Whether one of the folders above is a symlink, so that the path exists although the tree does not list it. */
  isBehindSymlink(path: string): boolean {
    for (let end = path.indexOf('/'); end > 0; end = path.indexOf('/', end + 1)) {
      if (this.kindOf(path.slice(0, end)) === 'symlink') return true;
    }
    return false;
  }

  /** Files, symlinks and submodules at or below any of these paths. */
  filesUnder(paths: ReadonlySet<string>): readonly string[] {
    return [...this.#modes.keys()].filter((file) => isCovered(file, paths));
  }

  submodules(): readonly string[] {
    return [...this.#modes].flatMap(([path, mode]) => (mode === SUBMODULE ? [path] : []));
  }

  /** A digest of what lies at or below these paths: their names, modes and contents. Other contents anywhere else do not change it. */
  fingerprint(paths: ReadonlySet<string>): string {
    const hash = createHash('sha256');
    for (const file of this.filesUnder(paths).toSorted()) hash.update(`${this.#modes.get(file)} ${this.#ids.get(file)}\t${file}\0`);
    return hash.digest('hex');
  }
}

/** Whether a path is one of these or below one of them. */
export function isCovered(path: string, by: ReadonlySet<string>): boolean {
  if (by.has('.') || by.has(path)) return true;
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
    if (by.has(path.slice(0, end))) return true;
  }
  return false;
}
