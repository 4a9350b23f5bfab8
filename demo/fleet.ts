import { join } from 'node:path';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CreateRepositoryCommand, ECRClient } from '@aws-sdk/client-ecr';
import { readDeployedSettings } from '../lib/cli/settings-of-stack.ts';
import { systemClock } from '../lib/clock.ts';
import { createStoreClients, createStores, type Stores } from '../lib/deployment.ts';
import {
  deployLocally,
  environmentVariables,
  type Host,
  type LocalCluster,
  type LocalEnvironment,
  runCommand,
} from '../lib/local/index.ts';
import { pushImage } from '../lib/local/registry.ts';
import { announcePush } from './ecr-events.ts';
import type { Narration } from './narration.ts';
import { createSampleRepository, type SampleRepository } from './sample-repository.ts';

const DEPLOYMENT = 'plumbline';

/** The status with which the command ends when it has findings or differences to show. */
const FINDINGS = 2;

/** What every chapter works with. */
export interface Fleet {
  readonly narration: Narration;
  readonly environment: LocalEnvironment;
  readonly repository: SampleRepository;
  readonly stores: Stores;
  /** Host of the registry as image references have it. */
  readonly registry: string;
  readonly signal: AbortSignal;
  /** Points a tag of a repository at an image with this content, of which the audit is told; returns its digest. */
  push(repository: string, tag: string, content: string): Promise<string>;
  /** Runs the command as a person would, shows it, and shows what it prints. */
  plumbline(...args: readonly string[]): Promise<void>;
  kubectl(cluster: LocalCluster, ...args: readonly string[]): Promise<string>;
}

/** Deploys the stacks, makes the sample repository and its images. */
export async function prepareFleet(
  environment: LocalEnvironment,
  options: { readonly host: Host; readonly signal: AbortSignal },
  narration: Narration,
): Promise<Fleet> {
  const { host, signal } = options;
  narration.step(
    'Deploy the stacks',
    'The same `cdk deploy` as on AWS: tables, queues, four functions, a schedule each minute, dashboard and alarms.',
  );
  await deployLocally(environment, { deployment: DEPLOYMENT, host, progress: (message) => narration.say(message), signal });

  narration.step('Make a Git repository with an application and a platform, and push its images to ECR');
  const registry = `${environment.accountId}.dkr.ecr.${environment.region}.amazonaws.com`;
  const repository = await createSampleRepository(environment.directory, registry, signal);
  const fleet: Fleet = {
    narration,
    environment,
    repository,
    stores: await openStores(environment.region, signal),
    registry,
    signal,
    async push(name, tag, content) {
      const target = { endpointUrl: endpointOf(environment), registry, repository: name };
      const digest = await pushImage(target, tag, { variant: content }, signal);
      await announcePush(environment, name, tag, signal);
      return digest;
    },
    async plumbline(...args) {
      narration.command(`plumbline ${args.map((argument) => (/[\s"]/.test(argument) ? JSON.stringify(argument) : argument)).join(' ')}`);
      const command = join(host.project, 'lib', 'cli', 'main.ts');
      const output = await runCommand(host.node, [command, ...args], {
        env: { ...process.env, ...environmentVariables(environment, host) },
        statuses: [0, FINDINGS],
        signal,
      });
      for (const line of forThisMachine(output).trim().split('\n')) narration.say(line);
    },
    async kubectl(cluster, ...args) {
      const program = join(environment.toolsDirectory, 'kubectl', 'kubectl');
      const target = ['--kubeconfig', cluster.kubeconfig, '--context', cluster.context];
      return (await runCommand(program, [...target, ...args], { env: process.env, signal })).trim();
    },
  };
  const ecr = new ECRClient();
  for (const name of ['shop/web', 'shop/worker']) {
    await ecr.send(new CreateRepositoryCommand({ repositoryName: name }), { abortSignal: signal });
    narration.say(`${name}:1.0 is ${await fleet.push(name, '1.0', `${name} as it was first built`)}`);
  }
  return fleet;
}

/** Without what an administrator does on EKS: the local clusters were made with it. */
function forThisMachine(output: string): string {
  const end = output.indexOf('An administrator of the cluster');
  return end < 0 ? output : output.slice(0, end).trimEnd();
}

async function openStores(region: string, signal: AbortSignal): Promise<Stores> {
  const { settings } = await readDeployedSettings({ stack: DEPLOYMENT }, region, new CloudFormationClient(), signal);
  return createStores(settings, createStoreClients(), systemClock);
}

function endpointOf(environment: LocalEnvironment): string {
  const endpoint = environment.aws.AWS_ENDPOINT_URL;
  if (endpoint === undefined) throw new Error('local environment: it has no AWS endpoint');
  return endpoint;
}
