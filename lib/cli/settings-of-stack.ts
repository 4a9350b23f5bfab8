import { type CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { loadSettings, type Settings } from '../config.ts';
import type { DeploymentTarget } from './deployment.ts';
import { NotFoundError } from './errors.ts';

/** What the command knows of a deployment from its control stack. */
export interface DeployedSettings {
  readonly settings: Settings;
  /** Clusters' roles and access entries name it. */
  readonly reconcileRoleArn: string | undefined;
}

/**
 * The settings of a deployment's functions, from the outputs of its control stack. Throws `NotFoundError` when there is no such stack, with
 * what to do next.
 */
export async function readDeployedSettings(
  target: DeploymentTarget,
  region: string,
  client: Pick<CloudFormationClient, 'send'>,
  signal: AbortSignal,
): Promise<DeployedSettings> {
  const stackName = `${target.stack}-control`;
  const outputs = await readOutputs(stackName, target, region, client, signal);
  const environment = Object.fromEntries([...outputs].map(([key, value]) => [settingName(key), value]));
  return {
    settings: loadSettings({ ...environment, DEPLOYMENT: target.stack }),
    reconcileRoleArn: outputs.get('ReconcileRoleArn'),
  };
}

async function readOutputs(
  stackName: string,
  target: DeploymentTarget,
  region: string,
  client: Pick<CloudFormationClient, 'send'>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  try {
    const { Stacks: stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: stackName }), { abortSignal: signal });
    const outputs = stacks[0]?.Outputs ?? [];
    return new Map(outputs.flatMap(({ OutputKey, OutputValue }) => (OutputKey && OutputValue ? [[OutputKey, OutputValue]] : [])));
  } catch (error) {
    if (!(error instanceof Error && error.name === 'ValidationError' && error.message.includes('does not exist'))) throw error;
    throw new NotFoundError(
      `deployment "${target.stack}": there is no stack ${stackName} in ${region}. Deploy it with \`npx cdk deploy --all\`, name another deployment ` +
        'with --stack or another --region, or for the local environment: eval "$(plumbline local env)".',
      { cause: error },
    );
  }
}

/** `ClustersTable` → `CLUSTERS_TABLE`. */
export function settingName(outputKey: string): string {
  return outputKey.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toUpperCase();
}
