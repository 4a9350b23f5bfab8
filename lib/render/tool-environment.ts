import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GitHost, gitEnvironment } from '../source/git-command.ts';
import type { Tools } from './tools.ts';

/** Where tools keep what they need for one render, and what they see of the environment. */
export interface ToolEnvironment {
  readonly directory: string;
  readonly variables: Readonly<Record<string, string>>;
  /** Helm for Kustomize: it renders charts and downloads none. */
  readonly helmForKustomize: string;
}

/** What the wrappers below print when they refuse, so that the error can be told from one of the tool. */
export const REFUSED = 'plumbline refuses:';

/** Makes the environment for the time of the work. With `git`, Kustomize may fetch other repositories at commits. */
export async function withToolEnvironment<T>(
  tools: Tools,
  parent: string | undefined,
  git: GitHost | undefined,
  work: (environment: ToolEnvironment) => Promise<T>,
): Promise<T> {
  const directory = await mkdtemp(join(parent ?? tmpdir(), 'plumbline-render-'));
  try {
    const programs = join(directory, 'bin');
    const temporary = join(directory, 'tmp');
    for (const folder of [programs, temporary]) await mkdir(folder);
    const helmForKustomize = join(programs, 'helm');
    await writeProgram(helmForKustomize, helmWrapper(tools.helm));
    if (git !== undefined) await writeProgram(join(programs, 'git'), gitWrapper(git));
    return await work({
      directory,
      helmForKustomize,
      variables: {
        HOME: '/nonexistent',
        TMPDIR: temporary,
        // Of all programs only ours are found, and this proxy answers nobody: nothing else is loaded from elsewhere.
        PATH: programs,
        HTTPS_PROXY: DEAD_PROXY,
        HTTP_PROXY: DEAD_PROXY,
        HELM_CACHE_HOME: join(directory, 'helm', 'cache'),
        HELM_CONFIG_HOME: join(directory, 'helm', 'config'),
        HELM_DATA_HOME: join(directory, 'helm', 'data'),
      },
    });
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  }
}

const DEAD_PROXY = 'http://127.0.0.1:1';

async function writeProgram(file: string, script: string): Promise<void> {
  await writeFile(file, script);
  await chmod(file, 0o755);
}

/** Kustomize downloads a chart that it does not find. */
function helmWrapper(helm: string): string {
  return `#!/bin/sh
case "$1" in
  pull) echo "${REFUSED} a chart that is not in the repository" >&2; exit 1 ;;
esac
exec ${quoted(helm)} "$@"
`;
}

/** Bases of bases are fetched without anybody having looked at their addresses; a commit id is also what makes the result repeat. */
function gitWrapper(host: GitHost): string {
  const environment = gitEnvironment(host, { repository: host.allowInsecure ? 'file:' : 'https:', credentials: undefined });
  const schemes = host.allowInsecure ? 'https://*|http://*|file://*' : 'https://*';
  return `#!/bin/sh
refuse() { echo "${REFUSED} $1" >&2; exit 1; }
case "$1" in
  init|remote|checkout) ;;
  fetch)
    [ "$#" = 4 ] || refuse 'this way of fetching'
    case "$3" in ${schemes}) ;; *) refuse "the address $3, which is not https://" ;; esac
    case "$4" in *[!0-9a-f]*) refuse "the reference $4, which is no full commit id" ;; esac
    [ "\${#4}" = 40 ] || [ "\${#4}" = 64 ] || refuse "the reference $4, which is no full commit id"
    ;;
  submodule) exit 0 ;;
  *) refuse "git $1" ;;
esac
unset HTTPS_PROXY HTTP_PROXY
${Object.entries(environment)
  .map(([name, value]) => `export ${name}=${quoted(value)}`)
  .join('\n')}
exec git "$@"
`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
