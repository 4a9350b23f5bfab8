import { randomUUID } from 'node:crypto';
import { simpleGit } from 'simple-git';
import { PlumblineError } from '../errors.ts';
import { endMarkedProcesses } from './end-processes.ts';
import type { GitCall } from './git-call.ts';
import { gitFailure } from './git-failure.ts';

/** How Git is run on this machine. */
export interface GitHost {
  /** The process's environment, of which Git gets PATH and the proxy and certificate settings, nothing else. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Plain HTTP and file:// repositories: the local environment only. */
  readonly allowInsecure: boolean;
}

const PASSED_ON = [
  'PATH',
  'HTTPS_PROXY',
  'https_proxy',
  'HTTP_PROXY',
  'http_proxy',
  'NO_PROXY',
  'no_proxy',
  'SSL_CERT_FILE',
  // How a Lambda layer brings a Git that is not where it was built for.
  'LD_LIBRARY_PATH',
  'GIT_EXEC_PATH',
  'GIT_SSL_CAINFO',
  'SSL_CERT_DIR',
];

/**
 * Runs Git and resolves to its output. Throws `SourceError` with what Git said, or the signal's reason.
 *
 * The token travels in the environment of that one process: never in its arguments, in a file, or in an error.
 */
export async function runGit(host: GitHost, call: GitCall, args: readonly string[], signal: AbortSignal): Promise<string> {
  signal.throwIfAborted();
  const timeout = AbortSignal.timeout(call.timeoutSeconds * 1000);
  const mark = { name: 'PLUMBLINE_GIT_COMMAND', value: randomUUID() };
  const environment = { ...gitEnvironment(host, call), [mark.name]: mark.value };
  const git = simpleGit({
    baseDir: call.directory,
    abort: AbortSignal.any([signal, timeout]),
    allowEnvironment: Object.keys(environment),
    unsafe: {
      allowUnsafeConfigEnvCount: true,
      allowUnsafeConfigPaths: true,
      allowUnsafeHooksPath: true,
      allowUnsafeProtocolOverride: true,
      allowUnsafeExec: true,
    },
  }).env(environment);
  try {
    return await git.raw([...args]);
  } catch (error) {
    if (signal.aborted || timeout.aborted) await endMarkedProcesses(mark);
    signal.throwIfAborted();
    if (error instanceof PlumblineError) throw error;
    throw gitFailure(call, timeout.aborted, error instanceof Error ? error.message : String(error));
  }
}

/** Everything that a Git command sees of the environment: no settings of the machine or the user, and no protocol but HTTPS. */
export function gitEnvironment(
  host: GitHost,
  { repository, credentials }: Pick<GitCall, 'repository' | 'credentials'>,
): Record<string, string> {
  const config: [string, string][] = [
    ['protocol.allow', 'never'],
    ['protocol.https.allow', 'always'],
    ['core.hooksPath', '/dev/null'],
    ['gc.auto', '0'],
    ['maintenance.auto', 'false'],
    ['advice.detachedHead', 'false'],
    // A server that accepts the connection and then says nothing is given up on by Git itself, helpers included.
    ['http.lowSpeedLimit', '1'],
    ['http.lowSpeedTime', '30'],
  ];
  if (host.allowInsecure) {
    config.push(['protocol.http.allow', 'always'], ['protocol.file.allow', 'always']);
    if (repository.startsWith('file:')) config.push(['safe.directory', '*']);
  }
  if (credentials !== undefined) {
    const basic = Buffer.from(`${credentials.username}:${credentials.token}`).toString('base64');
    // Git would send the header to whatever host a redirect names.
    config.push(['http.extraHeader', `Authorization: Basic ${basic}`], ['http.followRedirects', 'false']);
  }
  const passedOn = PASSED_ON.flatMap((name) => (host.environment[name] === undefined ? [] : [[name, host.environment[name]] as const]));
  return {
    ...Object.fromEntries(passedOn),
    // No folder of the user's, and not the work tree either: a .netrc in it would be read.
    HOME: '/nonexistent',
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_COUNT: String(config.length),
    ...Object.fromEntries(
      config.flatMap(([key, value], index) => [
        [`GIT_CONFIG_KEY_${index}`, key],
        [`GIT_CONFIG_VALUE_${index}`, value],
      ]),
    ),
  };
}
