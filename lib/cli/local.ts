import { delimiter } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import type { EnvironmentDescription, StartOptions } from '../local/index.ts';

/** It takes long to load, and help needs none of it. */
const loadLocal = () => import('../local/index.ts');

type Clusters = StartOptions['clusters'];

interface UpOptions {
  readonly name: string;
  readonly clusters: Clusters;
  readonly deploy: boolean;
  readonly json?: boolean;
}

const DEFAULT_NAME = 'local';
const DEFAULT_CLUSTERS: Clusters = [
  { name: 'prod-eu', access: 'enforce' },
  { name: 'prod-us', access: 'observe' },
];

/** `plumbline local`: real API servers and an AWS emulator on this machine, with the stacks deployed to it. */
export function localCommand(): Command {
  const local = new Command('local').description('Run clusters and an AWS emulator on this machine.');
  local.addCommand(upCommand());
  local.addCommand(downCommand());
  local.addCommand(statusCommand());
  local.addCommand(envCommand());
  return local;
}

function upCommand(): Command {
  return new Command('up')
    .description('start it and deploy the stacks; a running one is left as it is')
    .option('--name <name>', 'several may run side by side, each under its name', DEFAULT_NAME)
    .option('--clusters <list>', 'NAME[=enforce|observe],…: clusters and what Plumbline may do on them', parseClusters, DEFAULT_CLUSTERS)
    .option('--no-deploy', 'leave the stacks out')
    .option('--json', 'print one JSON line on standard output')
    .addHelpText(
      'after',
      examples(
        ['plumbline local up', 'two clusters: prod-eu to enforce, prod-us to observe'],
        ['plumbline local up --name lab --clusters a,b=observe', 'another one beside it'],
      ),
    )
    .action(async (options: UpOptions) => {
      await untilInterrupted(async (signal) => {
        const { deployLocally, isDeployed, startLocalEnvironment, thisHost } = await loadLocal();
        const host = thisHost(process.env);
        const environment = await startLocalEnvironment({ ...options, host, progress, signal });
        try {
          if (options.deploy && !isDeployed(environment))
            await deployLocally(environment, { deployment: 'plumbline', host, progress, signal });
          signal.throwIfAborted();
        } catch (error) {
          await environment.stop();
          throw error;
        }
        await environment.release();
        if (options.json) printJson({ status: 'running', ...describe(environment) });
        else printEnvironment(environment);
      });
    });
}

function downCommand(): Command {
  return new Command('down')
    .description('end it and remove everything that it kept')
    .option('--name <name>', 'which one', DEFAULT_NAME)
    .option('--json', 'print one JSON line on standard output')
    .addHelpText(
      'after',
      examples(['plumbline local down', 'ends the one named local'], ['plumbline local down --name lab', 'ends that one']),
    )
    .action(async ({ name, json }: { name: string; json?: boolean }) => {
      await untilInterrupted(async (signal) => {
        const { stopLocalEnvironment, thisHost } = await loadLocal();
        const found = await stopLocalEnvironment(name, thisHost(process.env), progress, signal);
        if (json) printJson({ name, status: found ? 'stopped' : 'absent' });
        else process.stdout.write(found ? `${name} is down.\n` : `${name} was not up.\n`);
      });
    });
}

function statusCommand(): Command {
  return new Command('status')
    .description('say what runs; ends with 1 if one crashed, or the one asked for is not there')
    .option('--name <name>', 'only this one')
    .option('--json', 'print a JSON line for each on standard output')
    .addHelpText(
      'after',
      examples(['plumbline local status', 'all that there are'], ['plumbline local status --name lab --json', 'one, for a program']),
    )
    .action(async ({ name, json }: { name?: string; json?: boolean }) => {
      const { localEnvironmentNames, localEnvironmentStatus, thisHost } = await loadLocal();
      const host = thisHost(process.env);
      const names = name === undefined ? await localEnvironmentNames(host) : [name];
      if (names.length === 0 && !json) process.stdout.write('No local environment. Start one with: plumbline local up\n');
      for (const one of names) {
        const found = (await localEnvironmentStatus(one, host)) ?? { status: 'absent' as const, name: one };
        if (found.status !== 'running') process.exitCode = 1;
        if (json)
          printJson(
            found.status === 'running' ? { status: found.status, ...describe(found.environment), processes: found.processes } : found,
          );
        else if (found.status === 'running') printEnvironment(found.environment);
        else
          process.stdout.write(
            `${one} ${found.status === 'crashed' ? `crashed: ${found.reason}. Its logs: ${found.logs}\n` : 'is not up.\n'}`,
          );
      }
    });
}

function envCommand(): Command {
  return new Command('env')
    .description('print the shell lines with which any AWS tool and kubectl work on it')
    .option('--name <name>', 'which one', DEFAULT_NAME)
    .option('--json', 'print one JSON line on standard output')
    .addHelpText(
      'after',
      examples(
        ['eval "$(plumbline local env)"', 'then: aws dynamodb list-tables, kubectl --context prod-eu get pods'],
        ['plumbline local env --name lab', 'of another one'],
      ),
    )
    .action(async ({ name, json }: { name: string; json?: boolean }) => {
      const { LocalEnvironmentError, localEnvironmentStatus, thisHost } = await loadLocal();
      const found = await localEnvironmentStatus(name, thisHost(process.env));
      if (found?.status !== 'running')
        throw new LocalEnvironmentError(`local environment ${name}: it is not up. Start it with: plumbline local up --name ${name}`);
      const { environment } = found;
      const variables = { ...environment.aws, KUBECONFIG: environment.clusters.map((cluster) => cluster.kubeconfig).join(delimiter) };
      if (json) {
        printJson(variables);
        return;
      }
      // Either would win over the keys below.
      process.stdout.write('unset AWS_PROFILE AWS_SESSION_TOKEN\n');
      for (const [variable, value] of Object.entries(variables)) process.stdout.write(`export ${variable}='${value}'\n`);
    });
}

function parseClusters(list: string): Clusters {
  const clusters = list.split(',').map((item): Clusters[number] => {
    const [name = '', access = 'enforce', ...more] = item.split('=');
    if (!/^[a-z][a-z0-9-]{0,39}$/.test(name))
      throw new InvalidArgumentError(
        `${JSON.stringify(name)} is not a name: lower-case letters, digits and hyphens, beginning with a letter, at most 40`,
      );
    if ((access !== 'enforce' && access !== 'observe') || more.length > 0)
      throw new InvalidArgumentError(`${item}: after = comes enforce or observe`);
    return { name, access };
  });
  if (new Set(clusters.map(({ name }) => name)).size < clusters.length) throw new InvalidArgumentError('a cluster is named twice');
  return clusters;
}

/** Runs the work with a signal that Ctrl-C aborts; the work has cleaned up when this returns. */
async function untilInterrupted(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const controller = new AbortController();
  const interrupt = () => controller.abort();
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of signals) process.on(name, interrupt);
  try {
    await work(controller.signal);
  } catch (error) {
    if (!controller.signal.aborted) throw error;
    process.stderr.write('interrupted; nothing of it is left running\n');
    process.exitCode = 130;
  } finally {
    for (const name of signals) process.off(name, interrupt);
  }
}

function describe({ name, directory, region, accountId, aws, clusters }: EnvironmentDescription): object {
  const described = clusters.map(({ tokenReviewUrl: _url, ...cluster }) => cluster);
  return { name, directory, region, accountId, endpoint: aws.AWS_ENDPOINT_URL, clusters: described };
}

function printEnvironment(environment: EnvironmentDescription): void {
  const lines = [
    `${environment.name} is up: AWS at ${environment.aws.AWS_ENDPOINT_URL}, region ${environment.region}`,
    ...environment.clusters.map(
      (cluster) => `  ${cluster.name.padEnd(16)} ${cluster.access.padEnd(8)} ${cluster.endpoint}  ${cluster.roleArn}`,
    ),
    '',
    `  eval "$(plumbline local env --name ${environment.name})"    works on it with kubectl and aws`,
    `  plumbline local down --name ${environment.name}             ends it`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** A step a line, each of which takes seconds; for people who watch. */
function progress(message: string): void {
  if (process.stderr.isTTY) process.stderr.write(`${message}\n`);
}

function printJson(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

function examples(...pairs: readonly (readonly [command: string, does: string])[]): string {
  return `\nExamples:\n${pairs.map(([command, does]) => `  $ ${command}\n      ${does}`).join('\n')}\n`;
}
