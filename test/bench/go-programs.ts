import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDirectory, cached } from '../../lib/local/cache.ts';
import { runCommand } from '../../lib/local/command.ts';
import { type Host, MissingRequirementError } from '../../lib/local/index.ts';

const PROGRAMS = { flux: 'about a minute', wire: 'some seconds' } as const;
type GoProgram = keyof typeof PROGRAMS;

/** Builds the program of `test/bench/NAME` unless these very sources were built before, and resolves to its path in the user's cache. */
export async function goProgram(name: GoProgram, host: Host, progress: (message: string) => void, signal: AbortSignal): Promise<string> {
  const folder = join(host.project, 'test', 'bench', name);
  const code = readdirSync(folder)
    .filter((file) => file.endsWith('.go'))
    .toSorted();
  const sources = [...code, 'go.mod', 'go.sum'].map((file) => join(folder, file)).filter(existsSync);
  const digest = createHash('sha256')
    .update(sources.map((file) => readFileSync(file, 'utf8')).join('\0'))
    .digest('hex');
  const path = join(cacheDirectory(host), 'bench', `${name}-${digest.slice(0, 16)}-${host.platform}-${host.arch}`);
  const make = async (temporary: string): Promise<void> => {
    progress(`building ${name} with Go (${PROGRAMS[name]}, once; kept as ${path})`);
    try {
      await runCommand('go', ['build', '-trimpath', '-ldflags', '-s -w', '-o', temporary, '.'], {
        cwd: folder,
        env: { ...host.env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly -buildvcs=false' },
        signal,
      });
    } catch (error) {
      signal.throwIfAborted();
      throw new MissingRequirementError(`test/bench/${name} could not be built: Go 1.26 or newer and its module proxy are needed.`, {
        cause: error,
      });
    }
  };
  return cached({ path, isThere: existsSync, make }, progress, signal);
}
