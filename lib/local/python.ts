import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory, cached } from './cache.ts';
import { runCommand } from './command.ts';
import { type Host, MissingRequirementError } from './host.ts';

const CANDIDATES = ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python'];

/** Finds a Python of 3.10 or newer on PATH. */
export async function findPython(host: Host, signal: AbortSignal): Promise<{ readonly command: string; readonly version: string }> {
  for (const command of CANDIDATES) {
    try {
      const output = await runCommand(command, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'], { env: host.env, signal });
      const version = output.trim();
      const [major = 0, minor = 0] = version.split('.').map(Number);
      if (major === 3 && minor >= 10) return { command, version };
    } catch {
      signal.throwIfAborted();
    }
  }
  throw new MissingRequirementError(
    'Python 3.10 or newer is needed to run the AWS emulator, and none of python3, python3.10 … python3.14 on PATH is one. ' +
      "Install it with the system's package manager (`apt install python3 python3-venv`, `brew install python`) or from https://www.python.org/downloads/.",
  );
}

/** Makes a virtual environment with exactly the packages of a requirements file, and resolves to its Python. */
export async function virtualEnvironment(
  requirements: string,
  host: Host,
  progress: (message: string) => void,
  signal: AbortSignal,
): Promise<string> {
  const python = await findPython(host, signal);
  const digest = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex')
    .slice(0, 12);
  const folder = await cached(
    {
      path: join(cacheDirectory(host), 'emulator', `${digest}-python${python.version}`),
      isThere: existsSync,
      make: async (temporary) => {
        progress('installing the AWS emulator (MiniStack) into its own virtual environment (about 15 seconds, once)');
        const options = { env: { ...host.env, PYTHONNOUSERSITE: '1', PIP_DISABLE_PIP_VERSION_CHECK: '1' }, signal };
        try {
          await runCommand(python.command, ['-m', 'venv', temporary], options);
        } catch (error) {
          signal.throwIfAborted();
          throw new MissingRequirementError(
            `Python ${python.version} could not make a virtual environment. On Debian and Ubuntu: \`apt install python3-venv\`.`,
            { cause: error },
          );
        }
        await runCommand(join(temporary, 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', '--no-deps', '-r', requirements], options);
      },
    },
    progress,
    signal,
  );
  return join(folder, 'bin', 'python');
}
