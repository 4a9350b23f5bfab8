import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from './command.ts';
import type { Host } from './host.ts';
import type { EnvironmentDescription } from './state.ts';

/** The variables for a child process that works on the environment: the user's own, without the user's AWS account. */
export function environmentVariables(environment: EnvironmentDescription, host: Host): Readonly<Record<string, string>> {
  const own = Object.entries(host.env).filter((entry): entry is [string, string] => entry[1] !== undefined && !entry[0].startsWith('AWS_'));
  const nowhere = join(environment.directory, 'none');
  return {
    ...Object.fromEntries(own),
    ...environment.aws,
    // A profile of the user's could name other endpoints or roles.
    AWS_CONFIG_FILE: nowhere,
    AWS_SHARED_CREDENTIALS_FILE: nowhere,
  };
}

/** Deploys the stacks to the environment by the ordinary CDK command; `bootstrap` runs the first time. */
export async function deployLocally(
  environment: EnvironmentDescription,
  options: {
    readonly deployment: string;
    readonly host: Host;
    readonly progress: (message: string) => void;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { host, progress, signal } = options;
  const cdk = join(host.project, 'node_modules', 'aws-cdk', 'bin', 'cdk');
  const output = join(environment.directory, 'cdk.out');
  const temporary = join(environment.directory, 'tmp');
  const run = (args: readonly string[]) =>
    runCommand(host.node, [cdk, ...args, '--output', output, '--no-notices', '--ci'], {
      cwd: host.project,
      env: {
        ...environmentVariables(environment, host),
        // The CDK command remembers accounts by access key in the user's home: ours must not get there.
        CDK_HOME: join(environment.directory, 'cdk'),
        // It leaves its temporary files behind; these go with the environment.
        TMPDIR: temporary,
        CDK_DISABLE_CLI_TELEMETRY: 'true',
        NO_COLOR: '1',
      },
      signal,
    });
  await mkdir(temporary, { recursive: true });
  const bootstrapped = join(environment.directory, 'bootstrapped');
  if (!existsSync(bootstrapped)) {
    progress('cdk bootstrap');
    await run(['bootstrap', `aws://${environment.accountId}/${environment.region}`]);
    await writeFile(bootstrapped, '');
  }
  progress('cdk deploy --all');
  const context = {
    deployment: options.deployment,
    local: 'true',
    sourcePackaging: 'zip',
    toolsDirectory: environment.toolsDirectory,
  };
  const contextArgs = Object.entries(context).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
  await run(['deploy', '--all', '--require-approval', 'never', ...contextArgs]);
  await writeFile(deployedMark(environment), '');
}

/** Whether the stacks were deployed to it before. */
export function isDeployed(environment: EnvironmentDescription): boolean {
  return existsSync(deployedMark(environment));
}

function deployedMark(environment: EnvironmentDescription): string {
  return join(environment.directory, 'deployed');
}
