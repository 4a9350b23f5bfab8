import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { ClusterSecret } from '../kubernetes/index.ts';
import type { KubeconfigConnection } from '../kubernetes/kubeconfig.ts';
import { credentialsSecretName } from './cluster-secret.ts';
import { NotFoundError, UsageError } from './errors.ts';
import type { RowItem } from './row-item.ts';

/** The attributes of a row that say how its cluster is reached, and the secret that has to be stored for them. */
export interface Connection {
  readonly attributes: RowItem;
  readonly secret?: { readonly name: string; readonly credentials: ClusterSecret };
}

/** Adds the options of the three ways to name a cluster's API server. */
export function connectionOptions(command: Command): Command {
  return command
    .option('--eks <name>', 'name of the cluster on EKS')
    .option('--region <region>', 'region of the cluster on EKS (the deployment’s region goes before `cluster`)')
    .option('--role <arn>', 'role to assume for it, as in another account')
    .option('--external-id <id>', 'external id that the role asks for')
    .option('--kubeconfig <file>', 'a kubeconfig with the cluster')
    .option('--context <name>', 'context in the kubeconfig (default: its current one)')
    .option('--endpoint <url>', 'https:// URL of the API server')
    .option('--ca <file>', 'PEM file with its certificate authority')
    .option('--cluster-secret <name>', 'secret with a token or a client certificate for it');
}

/** Reads files before anything is asked of AWS; the result is told the deployment's and the row's name once they are known. */
export async function readConnection(
  directory: string,
  options: Readonly<Record<string, unknown>>,
): Promise<(deployment: string, cluster: string) => Connection> {
  const given = ['eks', 'kubeconfig', 'endpoint'].filter((option) => options[option] !== undefined);
  if (given.length !== 1) {
    throw new UsageError(
      `cluster add: ${given.length === 0 ? 'nothing says' : `--${given.join(' and --')} both say`} how the cluster is reached. Give one of ` +
        '--eks NAME --region REGION, --kubeconfig FILE --context NAME, or --endpoint URL --ca FILE --cluster-secret NAME.',
    );
  }
  if (options.kubeconfig !== undefined) return await readKubeconfigOptions(directory, options);
  const attributes = options.eks === undefined ? await readEndpointOptions(directory, options) : eksOptions(options);
  return () => ({ attributes });
}

function eksOptions(options: Readonly<Record<string, unknown>>): RowItem {
  if (options.region === undefined)
    throw new UsageError('cluster add: --region is missing. Give the region of the cluster on EKS after --eks.');
  return {
    eksName: String(options.eks),
    region: String(options.region),
    ...(options.role === undefined ? {} : { roleArn: String(options.role) }),
    ...(options.externalId === undefined ? {} : { externalId: String(options.externalId) }),
  };
}

async function readEndpointOptions(directory: string, options: Readonly<Record<string, unknown>>): Promise<RowItem> {
  if (options.ca === undefined || options.clusterSecret === undefined) {
    throw new UsageError(
      'cluster add: --endpoint needs --ca FILE and --cluster-secret NAME, so that the server can be verified and we can say who we are.',
    );
  }
  const file = resolve(directory, String(options.ca));
  try {
    const certificateAuthority = (await readFile(file)).toString('base64');
    return { endpoint: String(options.endpoint), certificateAuthority, clusterSecret: String(options.clusterSecret) };
  } catch (error) {
    throw new NotFoundError(`--ca: ${file} cannot be read. Give the PEM file of the API server’s certificate authority.`, { cause: error });
  }
}

async function readKubeconfigOptions(
  directory: string,
  options: Readonly<Record<string, unknown>>,
): Promise<(deployment: string, cluster: string) => Connection> {
  // It loads @kubernetes/client-node, which no other command needs.
  const { readKubeconfig } = await import('../kubernetes/kubeconfig.ts');
  const context = options.context === undefined ? undefined : String(options.context);
  const read = await readKubeconfig(resolve(directory, String(options.kubeconfig)), context);
  return (deployment, cluster) => fromKubeconfig(read, credentialsSecretName(deployment, cluster), options);
}

function fromKubeconfig(read: KubeconfigConnection, secretName: string, options: Readonly<Record<string, unknown>>): Connection {
  if (read.type === 'endpoint') {
    const { endpoint, certificateAuthority, credentials } = read;
    return { attributes: { endpoint, certificateAuthority, clusterSecret: secretName }, secret: { name: secretName, credentials } };
  }
  const { type: _, ...eks } = read;
  // What is said on the command line was meant for this row; the kubeconfig's role was meant for a person.
  return {
    attributes: {
      ...eks,
      ...(options.region === undefined ? {} : { region: String(options.region) }),
      ...(options.role === undefined ? {} : { roleArn: String(options.role) }),
      ...(options.externalId === undefined ? {} : { externalId: String(options.externalId) }),
    },
  };
}
